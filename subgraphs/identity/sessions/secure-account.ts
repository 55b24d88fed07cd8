/**
 * An account is secured when somebody changes or resets its password, ends its other sessions, or changes its second
 * factor, its identities or its roles. Whatever was begun before to open it, and is not done, ends with that, in the same
 * transaction: nobody can tell whose it was. A table of this room that refers to accounts is either here or in the test
 * beside, which says why it is not.
 */
import type { Work } from '../../../platform/store/store.ts';
import type { Tables } from '../entities.ts';

/** Ends all that is under way, within a transaction that holds the lock of the account. */
export async function endPendingAccess({ sql }: Work<Tables>, userId: string, now: Date): Promise<void> {
  await sql.updateTable('account').set({ secured_at: now }).where('id', '=', userId).execute();
  await sql.deleteFrom('sign_in_challenge').where('user_id', '=', userId).execute();
  await sql
    .updateTable('recovery_token')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute();
  await sql.deleteFrom('second_factor').where('user_id', '=', userId).where('confirmed_at', 'is', null).execute();
  await sql
    .deleteFrom('provider_attempt')
    .using('session')
    .whereRef('session.id', '=', 'provider_attempt.session_id')
    .where('session.user_id', '=', userId)
    .execute();
  await sql
    .deleteFrom('provider_attempt')
    .using('linked_identity')
    .whereRef('linked_identity.id', '=', 'provider_attempt.identity_id')
    .where('linked_identity.user_id', '=', userId)
    .execute();
}

/** Whether something was begun before its account was secured. */
export const isShutOut = (begun: Date, { secured_at }: { secured_at: Date | null }): boolean =>
  secured_at !== null && begun < secured_at;
