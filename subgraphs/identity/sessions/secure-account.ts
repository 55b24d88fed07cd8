/**
 * An account is secured when its password is changed or reset, its other sessions are ended, or its second factor,
 * identities or roles are changed. All pending access to it ends in the same transaction, since it may be a thief's. A
 * table of this room that refers to accounts is either here, or in the test beside with the reason why not.
 */
import type { Work } from '../../../platform/store/store.ts';
import type { AccountRow, Tables } from '../entities.ts';

/** Ends all pending access, within a transaction that holds the lock of the account. */
export async function endPendingAccess({ sql }: Work<Tables>, userId: string, now: Date): Promise<void> {
  await sql.updateTable('account').set({ securedAt: now }).where('id', '=', userId).execute();
  await sql.deleteFrom('sign_in_challenge').where('userId', '=', userId).execute();
  await sql
    .updateTable('recovery_token')
    .set({ usedAt: now })
    .where('userId', '=', userId)
    .where('usedAt', 'is', null)
    .execute();
  await sql.deleteFrom('second_factor').where('userId', '=', userId).where('confirmedAt', 'is', null).execute();
  await sql
    .deleteFrom('provider_attempt')
    .using('session')
    .whereRef('session.id', '=', 'provider_attempt.sessionId')
    .where('session.userId', '=', userId)
    .execute();
  await sql
    .deleteFrom('provider_attempt')
    .using('linked_identity')
    .whereRef('linked_identity.id', '=', 'provider_attempt.identityId')
    .where('linked_identity.userId', '=', userId)
    .execute();
}

/** Whether an attempt was begun before its account was secured. */
export const isShutOut = (begun: Date, { securedAt }: Pick<AccountRow, 'securedAt'>): boolean =>
  securedAt !== null && begun < securedAt;
