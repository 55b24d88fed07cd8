import type { Work } from '../../../platform/data/store.ts';
import { Unauthenticated } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { Tables } from '../entities.ts';

/**
 * That the caller's session was not ended, if they have one, within the transaction of what they ask for, which holds the lock of
 * their account. Their token was good when they asked. Since then the owner may have ended the session, because it is a
 * thief's, while a hash was computed or a provider asked, and another gateway hears of it only after a moment: what
 * the thief has under way must not undo that. @throws Unauthenticated
 */
export async function requireLiving({ sql }: Work<Tables>, { sessionId }: Actor): Promise<void> {
  if (!sessionId) return;
  const session = sql
    .selectFrom('session')
    .select('id')
    .where('id', '=', sessionId)
    .where('revoked_at', 'is not', null);
  if (await session.executeTakeFirst()) throw new Unauthenticated('The session was ended: sign in again.');
}
