import { accountLocks, type Ledger, type LedgerWork, required } from '../../../platform/ledger/ledger.ts';
import { MAX_TRANSFERS, type TransferResult } from '../../../platform/ledger/transfer.ts';
import { accountsOf, type Moved, providerAccount, transferOf } from './domain.ts';

/**
 * Books facts, oldest first, of which at most hundreds open accounts. One that was booked before changes nothing.
 * @throws Fault LEDGER_REFUSED
 */
export async function book(ledger: Ledger, work: LedgerWork, moved: readonly Moved[]): Promise<void> {
  required(await ledger.open(work, accountsOf(moved)));
  for (let at = 0; at < moved.length; at += MAX_TRANSFERS) {
    const some = moved.slice(at, at + MAX_TRANSFERS);
    const results = await ledger.transfer(work, some.map(transferOf));
    required(results.filter((result, n) => !isEmptyVoid(some[n]!, result)));
  }
}

/** Whether a payment was voided of which nothing was ever held, such as one whose buyer never came back. */
const isEmptyVoid = ({ fact }: Moved, { outcome }: TransferResult): boolean =>
  fact === 'VOIDED' && outcome === 'PENDING_TRANSFER_NOT_FOUND';

/** The locks of the accounts that a payment's facts move. */
export const locksOf = (paymentId: string, currency: string): string[] =>
  accountLocks('payment', [paymentId, providerAccount(currency)]);
