import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';

/** What is told of a second factor: nothing of its secret. */
export interface SecondFactorRow {
  confirmedAt: Date;
  recoveryCodesLeft: number;
}

export const secondFactorQueries = (db: Kysely<Tables>) => ({
  /** Of a user, if they have one. */
  async of(userId: string): Promise<SecondFactorRow | null> {
    const row = await db
      .selectFrom('second_factor')
      .select((eb) => [
        'confirmed_at',
        eb
          .selectFrom('recovery_code')
          .select((sub) => sub.fn.countAll<bigint>().as('left'))
          .whereRef('recovery_code.user_id', '=', 'second_factor.user_id')
          .where('used_at', 'is', null)
          .as('left'),
      ])
      .where('user_id', '=', userId)
      .executeTakeFirst();
    return row?.confirmed_at ? { confirmedAt: row.confirmed_at, recoveryCodesLeft: Number(row.left) } : null;
  },
});
