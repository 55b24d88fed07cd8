import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';
import type { RecoveryPurpose } from './entities.ts';

/** What a mail is written from. */
export interface RecoveryMailRow {
  purpose: RecoveryPurpose;
  email: string;
  name: string;
  sealedToken: string;
  expiresAt: Date;
}

export const recoveryQueries = (db: Kysely<Tables>) => ({
  mail: async (id: string, now: Date): Promise<RecoveryMailRow | null> =>
    (await db
      .selectFrom('recovery_token')
      .innerJoin('account', 'account.id', 'recovery_token.user_id')
      .select(['purpose', 'email', 'name', 'sealed as sealedToken', 'expires_at as expiresAt'])
      .where('recovery_token.id', '=', id)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst()) ?? null,
});
