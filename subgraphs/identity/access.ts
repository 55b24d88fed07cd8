import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which users an actor sees: administrators and agents all, everybody else themselves. */
export const readableUsers = (actor: Actor): Rows => (actor.may('identity:admin') ? 'ALL' : [{ id: actor.id }]);
