import { sql } from 'kysely';
import type { Work } from '../../../platform/store/store.ts';
import type { Tables } from '../entities.ts';
import { apiKeyRevoked } from './events.ts';

/** Revokes one key, or all living ones of a user, in a transaction that holds the user's lock. Returns their ids. */
export async function revokeKeys(
  work: Work<Tables>,
  which: { id: string } | { userId: string },
  now: Date,
): Promise<string[]> {
  const update = work.sql
    .updateTable('api_key')
    .set({ revokedAt: now, version: sql`version + 1` })
    .where('revokedAt', 'is', null);
  const chosen = 'id' in which ? update.where('id', '=', which.id) : update.where('userId', '=', which.userId);
  const revoked = await chosen.returning(['id', 'userId', 'version']).execute();
  for (const { id, userId, version } of revoked)
    work.publish(apiKeyRevoked, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { apiKeyId: id, userId },
    });
  return revoked.map(({ id }) => id);
}
