import { type OwnTables, rowsOf } from '../../platform/data/own-rows.ts';
import { Forbidden } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** The owner of an account: the user with its id. */
export const own = { account: { id: 'id' } } satisfies OwnTables;

/** Which users an actor sees: administrators and agents all, others themselves. */
export const readableUsers = rowsOf('identity:admin', own.account);

/** Actions on the account itself need a session: a found API key must not be enough to take the account over. */
export function requireSession(actor: Actor): string {
  if (!actor.sessionId) throw new Forbidden('Only who is signed in can do this, not an API key: sign in.');
  return actor.sessionId;
}

/** Which linked identities an actor sees: administrators all, users with a session their own. */
export const seesIdentities = (actor: Actor, userId: string): boolean =>
  (actor.id === userId && Boolean(actor.sessionId)) || actor.may('identity:admin');
