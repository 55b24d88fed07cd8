import { type Kysely, sql } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { Tables } from '../entities.ts';
import { keyActor } from './bounds.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';

/** The identity of a key, for the gateway. */
export type ApiKeyIdentityRow = Pick<ApiKeyRow, 'id' | 'userId' | 'scopes' | 'merchantId' | 'expiresAt'>;

/** Living keys, each with the present rights of its maker, for its actor (bounds.ts). */
export const keysWithMakers = (db: Kysely<Tables>, now: Date) =>
  db
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.userId')
    .select(['api_key.id', 'userId', 'scopes', 'roles', 'api_key.merchantId as madeFor', 'account.merchantId'])
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now);

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

  /** The identity of a living key, by its hash. Its use is recorded, to the minute. */
  async identity(hash: string, now: Date): Promise<ApiKeyIdentityRow | null> {
    const row = await keysWithMakers(db, now)
      .select(['expiresAt', 'lastUsedAt'])
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (!row) return null;
    if (!row.lastUsedAt || now.getTime() - row.lastUsedAt.getTime() >= 60_000) await noteUse(db, row.id, now);
    const { scopes, merchantId = null } = keyActor(row);
    return { id: row.id, userId: row.userId, scopes: [...scopes], merchantId, expiresAt: row.expiresAt };
  },
});

/** Records the use of a key. A key stays good while nothing can be written: the answer matters more than the record. */
const noteUse = (db: Kysely<Tables>, id: string, now: Date): Promise<unknown> =>
  db
    .updateTable('api_key')
    .set({ lastUsedAt: sql<Date>`greatest(last_used_at, ${now})` })
    .where('id', '=', id)
    .execute()
    .catch(() => undefined);
