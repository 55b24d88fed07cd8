import { type Kysely, sql } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { Tables } from '../entities.ts';
import { keyActor } from './bounds.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';

/** The identity of a key, for the gateway. */
export type ApiKeyIdentityRow = Pick<ApiKeyRow, 'id' | 'userId' | 'scopes' | 'merchantId' | 'expiresAt'>;

/** Living keys, whichever of their secrets is shown, each with the present rights of its maker, for its actor (bounds.ts). */
export const keysWithMakers = (db: Kysely<Tables>, now: Date) =>
  db
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.userId')
    .select([
      'api_key.id',
      'api_key.userId',
      'api_key.scopes',
      'account.roles',
      'api_key.merchantId as madeFor',
      'account.merchantId',
    ])
    .where('api_key.revokedAt', 'is', null)
    .where('api_key.expiresAt', '>', now);

export const apiKeyQueries = (db: Kysely<Tables>) => ({
  /** Living keys of a user, the newest first. Creating a key limits their number. */
  living: (userId: string, now: Date): Promise<ApiKeyRow[]> =>
    db
      .selectFrom('api_key')
      .select(columnsOf(ApiKeySchema))
      .where('userId', '=', userId)
      .where('revokedAt', 'is', null)
      .where('expiresAt', '>', now)
      .orderBy('createdAt', 'desc')
      .orderBy('id', 'desc')
      .execute(),

  /**
   * The identity of a living key, by the hash of its newest secret, or of the previous one during the overlap of a
   * rotation. The use of that secret is recorded, to the minute.
   */
  async identity(hash: string, now: Date): Promise<ApiKeyIdentityRow | null> {
    const row = await keysWithMakers(db, now)
      .select(['hash', 'expiresAt', 'lastUsedAt', 'previousExpiresAt', 'previousLastUsedAt'])
      .where(({ or, and, eb }) =>
        or([eb('hash', '=', hash), and([eb('previousHash', '=', hash), eb('previousExpiresAt', '>', now)])]),
      )
      .executeTakeFirst();
    if (!row) return null;
    const isPrevious = row.hash !== hash;
    const lastUsedAt = isPrevious ? row.previousLastUsedAt : row.lastUsedAt;
    if (!lastUsedAt || now.getTime() - lastUsedAt.getTime() >= 60_000) await noteUse(db, hash, now);
    const { scopes, merchantId = null } = keyActor(row);
    const ends = isPrevious ? [row.expiresAt, row.previousExpiresAt!] : [row.expiresAt];
    const expiresAt = new Date(Math.min(...ends.map((end) => end.getTime())));
    return { id: row.id, userId: row.userId, scopes: [...scopes], merchantId, expiresAt };
  },
});

/**
 * Records the use of a secret, whichever of its key's two it is by now. A key stays good while nothing can be written:
 * the answer matters more than the record.
 */
const noteUse = (db: Kysely<Tables>, hash: string, now: Date): Promise<unknown> =>
  db
    .updateTable('api_key')
    .set({
      lastUsedAt: sql<Date>`case when hash = ${hash} then greatest(last_used_at, ${now}) else last_used_at end`,
      previousLastUsedAt: sql<Date>`case when previous_hash = ${hash} then greatest(previous_last_used_at, ${now}) else previous_last_used_at end`,
    })
    .where(({ or, eb }) => or([eb('hash', '=', hash), eb('previousHash', '=', hash)]))
    .execute()
    .catch(() => undefined);
