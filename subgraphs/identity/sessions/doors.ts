/**
 * Somebody shuts an account: changes or resets its password, ends its other sessions, changes its second factor, its
 * identities or its roles. Whatever was begun before to open it, and is not done, ends with that, in the same
 * transaction: nobody can tell whose it was. A table of this room that refers to accounts is either here or in the test
 * beside, which says why it is not.
 */
import type { Work } from '../../../platform/data/store.ts';
import type { Tables } from '../entities.ts';

/** Ends all that is under way, within a transaction that holds the lock of the account. */
export async function endBegun({ sql }: Work<Tables>, userId: string, now: Date): Promise<void> {
  await sql.updateTable('account').set({ doors_closed_at: now }).where('id', '=', userId).execute();
  await sql.deleteFrom('sign_in_challenge').where('user_id', '=', userId).execute();
  await sql
    .updateTable('recovery_token')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute();
  await sql.deleteFrom('second_factor').where('user_id', '=', userId).where('confirmed_at', 'is', null).execute();
  const sessions = sql.selectFrom('session').select('id').where('user_id', '=', userId);
  const identities = sql.selectFrom('linked_identity').select('id').where('user_id', '=', userId);
  await sql
    .deleteFrom('provider_attempt')
    .where((eb) => eb.or([eb('session_id', 'in', sessions), eb('identity_id', 'in', identities)]))
    .execute();
}

/** Whether something was begun before its account was shut. */
export const isShutOut = (begun: Date, { doors_closed_at }: { doors_closed_at: Date | null }): boolean =>
  doors_closed_at !== null && begun < doors_closed_at;
