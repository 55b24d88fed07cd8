import type { Actor } from '../../platform/identity/actor.ts';

/** Key of the subscribers that may share one execution: everything of their actors that an answer can depend on. */
export type Audience = string;

const viewers = new WeakMap<Actor, Audience>();
const permissions = new WeakMap<Actor, Audience>();

/**
 * The audience that an actor belongs to.
 * @param isSameForAll whether all actors that may read it read the same: then the audience depends on the permissions
 * alone, else on all that is known of the actor, the session included, because an agent may answer by any of it
 */
export function audienceOf(actor: Actor, isSameForAll: boolean): Audience {
  const known = isSameForAll ? permissions : viewers;
  let audience = known.get(actor);
  if (audience === undefined) {
    const { roles, scopes, ...rest } = actor.claims();
    const allowed = { isAuthenticated: actor.isAuthenticated, roles: [...roles].sort(), scopes: [...scopes!].sort() };
    audience = JSON.stringify(isSameForAll ? allowed : { ...allowed, ...rest });
    known.set(actor, audience);
  }
  return audience;
}
