import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';

/** A session as its owner reads it. */
export interface SessionRow {
  id: string;
  user_agent: string | null;
  address: string | null;
  started_at: Date;
  last_used_at: Date;
  expires_at: Date;
}

/** More are not shown: the oldest are near their end. */
const MAX_SHOWN = 100;

export const sessionQueries = (db: Kysely<Tables>) => ({
  /** Those of a user that go on, the last used first. */
  living: (userId: string, now: Date): Promise<SessionRow[]> =>
    db
      .selectFrom('session')
      .select(['id', 'user_agent', 'address', 'started_at', 'last_used_at', 'expires_at'])
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .orderBy('last_used_at', 'desc')
      .orderBy('id')
      .limit(MAX_SHOWN)
      .execute(),
});
