/**
 * Expiry of pending transfers whose time is over: their amounts are released. A transfer that is over can be neither
 * posted nor voided, whether or not this has run, so the delay of the job shows in the pending balances alone.
 */
import type { AgentContext } from '../agent/agent-context.ts';
import type { Work } from '../store/store.ts';
import type { LedgerStatements } from './ledger-sql.ts';
import { type Expiry, isMade, type TransferResult } from './transfer.ts';

/** Most expiries in one transaction, which is to be short. */
const BATCH = 200;

/** The parts that expiring uses. */
export interface ExpireParts extends Pick<AgentContext, 'store' | 'clock'> {
  statements: LedgerStatements;
  make(work: Pick<Work, 'sql'>, transfers: readonly Expiry[]): Promise<TransferResult[]>;
  /** The accounts of transfers. */
  accountsOf(transferIds: readonly string[]): Promise<string[]>;
  locksOf(accountIds: readonly string[]): string[];
}

/** Expires all pending transfers that are due. One that was resolved meanwhile stays as it is. */
export async function expireDue(
  { statements, store, clock, make, accountsOf, locksOf }: ExpireParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const due = await statements.due(store.read, clock.now(), BATCH);
    if (due.length === 0) return;
    const locks = locksOf(await accountsOf(due));
    const results = await store.write({ locks, origin: {} }, (work) =>
      make(
        work,
        due.map((pendingId) => ({ kind: 'EXPIRED', id: `${pendingId}/expired`, pendingId, code: 'TIMEOUT' })),
      ),
    );
    // If none could expire, the next run tries again: the same ones would be due at once.
    if (due.length < BATCH || !results.some(isMade)) return;
  }
}
