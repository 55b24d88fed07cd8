import { type Kysely, sql } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { Tables } from '../entities.ts';
import { keyActor } from './bounds.ts';
import { type ApiKeyRow, ApiKeySchema } from './entities.ts';

/** Whose a key is, for the gateway. */
export type ApiKeyIdentityRow = Pick<ApiKeyRow, 'id' | 'userId' | 'scopes' | 'merchantId' | 'expiresAt'>;

/** A key that is good with what its maker has now, for whom it stands (bounds.ts). */
export const keysWithMakers = (db: Kysely<Tables>, now: Date) =>
  db
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.userId')
    .select(['api_key.id', 'userId', 'scopes', 'roles', 'api_key.merchantId as madeFor', 'account.merchantId'])
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now);

export const apiKeyQueries = (db: Kysely<Tables>) => ({
  /** Those of a user that are good, the newest first. Making one keeps them few. */
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

  /** Notes, to the minute, that it was used. */
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

/** While nothing can be written, a key is good all the same: that it was used is worth less than the answer. */
const noteUse = (db: Kysely<Tables>, id: string, now: Date): Promise<unknown> =>
  db
    .updateTable('api_key')
    .set({ lastUsedAt: sql<Date>`greatest(last_used_at, ${now})` })
    .where('id', '=', id)
    .execute()
    .catch(() => undefined);
