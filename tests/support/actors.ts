/** Who asks in tests. */
import { Actor, type ActorClaims } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';

/** An actor with these claims: `actor({ roles: ['CUSTOMER'], customerId })`. */
export const actor = (claims: Partial<ActorClaims> & Pick<ActorClaims, 'roles'>): Actor =>
  new Actor({ id: newId('user'), ...claims });

/** Some actors that most tests need. */
export const admin = actor({ roles: ['ADMIN'] });
export const operator = actor({ roles: ['OPERATOR'] });
export const viewer = actor({ roles: ['VIEWER'] });
export const service = new Actor({ id: 'agent:test', roles: ['SERVICE'] });
