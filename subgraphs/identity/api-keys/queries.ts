import { type Kysely, sql } from 'kysely';
import type { Tables, UserRole } from '../entities.ts';
import { keyActor } from './bounds.ts';

/** A key as its owner reads it. */
export interface ApiKeyRow {
  id: string;
  name: string;
  hint: string;
  scopes: string[];
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
}

/** Whose a key is, for the gateway. */
export interface ApiKeyIdentityRow {
  id: string;
  userId: string;
  scopes: string[];
  merchantId: string | null;
  expiresAt: Date;
}

/** The columns of {@link ApiKeyRow}. */
export const API_KEY = ['id', 'name', 'hint', 'scopes', 'created_at', 'expires_at', 'last_used_at'] as const;

/** A key that is good with what its maker has now, for whom it stands (bounds.ts). */
export const keysWithMakers = (db: Kysely<Tables>, now: Date) =>
  db
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.user_id')
    .select(['api_key.id', 'user_id', 'scopes', 'roles', 'api_key.merchant_id as made_for', 'account.merchant_id'])
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now);

export const apiKeyQueries = (db: Kysely<Tables>) => ({
  /** Those of a user that are good, the newest first. Making one keeps them few. */
  living: (userId: string, now: Date): Promise<ApiKeyRow[]> =>
    db
      .selectFrom('api_key')
      .select(API_KEY)
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute(),

  /** Notes, to the minute, that it was used. */
  async identity(hash: string, now: Date): Promise<ApiKeyIdentityRow | null> {
    const row = await keysWithMakers(db, now)
      .select(['expires_at', 'last_used_at'])
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (!row) return null;
    if (!row.last_used_at || now.getTime() - row.last_used_at.getTime() >= 60_000) await noteUse(db, row.id, now);
    const { scopes, merchantId = null } = keyActor({ ...row, roles: row.roles as UserRole[] });
    return { id: row.id, userId: row.user_id, scopes: [...scopes], merchantId, expiresAt: row.expires_at };
  },
});

/** While nothing can be written, a key is good all the same: that it was used is worth less than the answer. */
const noteUse = (db: Kysely<Tables>, id: string, now: Date): Promise<unknown> =>
  db
    .updateTable('api_key')
    .set({ last_used_at: sql<Date>`greatest(last_used_at, ${now})` })
    .where('id', '=', id)
    .execute()
    .catch(() => undefined);
