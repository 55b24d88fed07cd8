import { type OwnTables, rowsOf } from '../../platform/data/own-rows.ts';
import { Forbidden } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Whose an account is: that of the user whose id it has. */
export const own = { account: { id: 'id' } } satisfies OwnTables;

/** Which users an actor sees: administrators and agents all, everybody else themselves. */
export const readableUsers = rowsOf('identity:admin', own.account);

/** What is about the account itself is for who is signed in: whoever finds an API key must not take the account with it. */
export function requireSession(actor: Actor): string {
  if (!actor.sessionId) throw new Forbidden('Only who is signed in can do this, not an API key: sign in.');
  return actor.sessionId;
}

/** Who sees how a user signs in: they themselves, signed in, and administrators. */
export const seesIdentities = (actor: Actor, userId: string): boolean =>
  (actor.id === userId && Boolean(actor.sessionId)) || actor.may('identity:admin');
