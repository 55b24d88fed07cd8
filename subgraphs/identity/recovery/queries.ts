import type { Kysely } from 'kysely';
import type { AccountRow, Tables } from '../entities.ts';
import type { RecoveryTokenRow } from './entities.ts';

/** The data of a recovery mail. */
export type RecoveryMailRow = Pick<RecoveryTokenRow, 'purpose' | 'expiresAt'> &
  Pick<AccountRow, 'email' | 'name'> & { sealedToken: string };

export const recoveryQueries = (db: Kysely<Tables>) => ({
  mail: async (id: string, now: Date): Promise<RecoveryMailRow | null> =>
    (await db
      .selectFrom('recovery_token')
      .innerJoin('account', 'account.id', 'recovery_token.userId')
      .select(['purpose', 'email', 'name', 'sealed as sealedToken', 'expiresAt'])
      .where('recovery_token.id', '=', id)
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', now)
      .executeTakeFirst()) ?? null,
});
