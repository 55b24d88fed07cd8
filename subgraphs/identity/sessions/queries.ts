import type { Kysely } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { type SessionRow, SessionSchema, type Tables } from '../entities.ts';

/** The most sessions shown: the oldest are near their end. */
const MAX_SHOWN = 100;

export const sessionQueries = (db: Kysely<Tables>) => ({
  /** Living sessions of a user, the last used first. */
  living: (userId: string, now: Date): Promise<SessionRow[]> =>
    db
      .selectFrom('session')
      .select(columnsOf(SessionSchema))
      .where('userId', '=', userId)
      .where('revokedAt', 'is', null)
      .where('expiresAt', '>', now)
      .orderBy('lastUsedAt', 'desc')
      .orderBy('id')
      .limit(MAX_SHOWN)
      .execute(),
});
