import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';

/** The public state of a second factor, without its secret. */
export interface SecondFactorRow {
  confirmedAt: Date;
  recoveryCodesLeft: number;
}

export const secondFactorQueries = (db: Kysely<Tables>) => ({
  /** The second factor of a user, if there is one. */
  async of(userId: string): Promise<SecondFactorRow | null> {
    const row = await db
      .selectFrom('second_factor')
      .select((eb) => [
        'confirmedAt',
        eb
          .selectFrom('recovery_code')
          .select((sub) => sub.fn.countAll<bigint>().as('left'))
          .whereRef('recovery_code.userId', '=', 'second_factor.userId')
          .where('usedAt', 'is', null)
          .as('left'),
      ])
      .where('userId', '=', userId)
      .executeTakeFirst();
    return row?.confirmedAt ? { confirmedAt: row.confirmedAt, recoveryCodesLeft: Number(row.left) } : null;
  },
});
