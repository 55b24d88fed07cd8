/**
 * A double-entry ledger in an agent's own schema, after TigerBeetle (https://docs.tigerbeetle.com): transfers of whole
 * amounts between accounts, inserted once and never changed, and the running balances of the accounts. All of it is
 * written in the caller's transaction, with the change that it belongs to.
 *
 * Three things hold, whatever the caller does: the debits of a ledger equal its credits, each account's balances are the
 * sums of its transfers, and no limit of a balance is broken. PostgreSQL itself keeps them (ledger.sql).
 */
import type { ScheduledJob } from '../agent/define-agent.ts';
import type { AgentContext } from '../agent/agent-context.ts';
import type { Clock } from '../clock.ts';
import { LostRace } from '../data/retry.ts';
import { Fault } from '../errors.ts';
import type { Work } from '../store/store.ts';
import { type AccountOutcome, checkAccount, existingAccount, type NewAccount } from './account.ts';
import { decide, type LedgerState } from './decide.ts';
import { expireDue } from './expire.ts';
import { type FoundTransfer, type LedgerStatements, ledgerStatements } from './ledger-sql.ts';
import { type LedgerQueries, ledgerQueries } from './queries.ts';
import {
  checkTransfer,
  type Expiry,
  isMade,
  MAX_TRANSFERS,
  type NewTransfer,
  type TransferResult,
} from './transfer.ts';

/** The transaction of the caller. */
export type LedgerWork = Pick<Work, 'sql'>;

/** The answer to an account that was to be opened. */
export interface AccountResult {
  id: string;
  outcome: AccountOutcome;
}

/** An agent's ledger. */
export interface Ledger {
  /**
   * The locks of accounts, to be named where the transaction begins: `store.write({ locks: ledger.locksOf(ids) }, …)`. Then
   * transactions on one account wait for one another before they have written anything. Without them balances are right
   * all the same, and the wait comes later.
   */
  locksOf(accountIds: readonly string[]): string[];
  /** The locks of all accounts of these transfers, those of pending ones too: these are read before the transaction. */
  locksFor(transfers: readonly NewTransfer[]): Promise<string[]>;
  /**
   * Opens accounts, at most {@link MAX_TRANSFERS}. An account that exists stays as it is.
   * @throws RangeError for what can never be right, such as an id without characters
   */
  open(work: LedgerWork, accounts: readonly NewAccount[]): Promise<AccountResult[]>;
  /**
   * Makes transfers, at most {@link MAX_TRANSFERS}, one after the other, each answered for itself; linked ones together or
   * not at all. A transfer that is refused writes nothing, and the others are made: `required` throws instead.
   * @throws RangeError for what can never be right, such as an amount below zero
   */
  transfer(work: LedgerWork, transfers: readonly NewTransfer[]): Promise<TransferResult[]>;
  /** Reads of accounts and transfers, for the graph. */
  queries: LedgerQueries;
  /** For the agent's scheduled jobs, if transfers have a timeout: they release pending ones whose time is over. */
  scheduledJobs: readonly ScheduledJob[];
}

/** Options of a ledger. */
export interface LedgerOptions extends Pick<AgentContext, 'store' | 'clock'> {
  /** The agent whose schema it lies in: its definition says `ledger: true`. */
  agent: string;
}

/** The locks of accounts of an agent, for handlers of events, which name their locks without a ledger at hand. */
export const accountLocks = (agent: string, accountIds: readonly string[]): string[] =>
  accountIds.map((id) => `ledger account of ${agent}: ${id}`);

/** Creates the ledger of an agent. Its definition must say `ledger: true`, which gives it the tables. */
export function createLedger({ agent, store, clock }: LedgerOptions): Ledger {
  const statements = ledgerStatements(agent);
  const locksOf = (ids: readonly string[]): string[] => accountLocks(agent, ids);
  const make = (work: LedgerWork, transfers: readonly (NewTransfer | Expiry)[]) =>
    makeTransfers(statements, work, transfers, clock);
  const accountsOf = async (pendingIds: readonly string[]): Promise<string[]> =>
    pendingIds.length === 0
      ? []
      : (await statements.transfers(store.read, pendingIds)).flatMap((each) => [each.debitAccount, each.creditAccount]);

  return {
    locksOf,
    async locksFor(transfers) {
      const { accountIds, pendingIds } = namedBy(transfers);
      // Before the transaction, since the accounts of a transfer never change.
      return locksOf([...accountIds, ...(await accountsOf(pendingIds))]);
    },
    open: async (work, accounts) => {
      checkNumber(accounts);
      accounts.forEach(checkAccount);
      if (accounts.length === 0) return [];
      const created = await statements.open(work.sql, accounts, clock.now());
      return created.size === accounts.length
        ? accounts.map(({ id }) => ({ id, outcome: 'CREATED' }))
        : compareAccounts(
            accounts,
            created,
            await statements.accounts(
              work.sql,
              accounts.map(({ id }) => id),
            ),
          );
    },
    transfer: make,
    queries: ledgerQueries(statements, store.read),
    scheduledJobs: [
      {
        name: 'expire pending transfers',
        everySeconds: 5,
        run: (signal) => expireDue({ statements, store, clock, make, accountsOf, locksOf }, signal),
      },
    ],
  };
}

/** Passes what was made. @throws Fault LEDGER_REFUSED with the reasons: for movements that must be possible */
export function required<Result extends TransferResult | AccountResult>(results: readonly Result[]): readonly Result[] {
  const refused = results.filter((result) => !isMade(result));
  if (refused.length === 0) return results;
  const reasons = refused.slice(0, 3).map(({ id, outcome }) => `${id}: ${outcome}`);
  throw new Fault('LEDGER_REFUSED', `The ledger refused ${refused.length}, such as ${reasons.join(', ')}.`);
}

async function makeTransfers(
  statements: LedgerStatements,
  { sql }: LedgerWork,
  transfers: readonly (NewTransfer | Expiry)[],
  clock: Clock,
): Promise<TransferResult[]> {
  checkNumber(transfers);
  transfers.forEach(checkTransfer);
  if (transfers.length === 0) return [];
  const { accountIds, pendingIds } = namedBy(transfers);
  const accounts = await statements.lockAccounts(sql, accountIds, pendingIds);
  // Read under the accounts' locks: a pending transfer is resolved by one transaction alone.
  const found = await statements.transfers(sql, [...new Set([...transfers.map(({ id }) => id), ...pendingIds])]);
  const resolved = new Set(pendingIds);
  checkLocked(
    accounts,
    found.filter(({ id }) => resolved.has(id)),
  );
  // The time is read under the locks, so that the times of an account's transfers are in their order.
  const { results, made } = decide(stateOf(accounts, found), transfers, clock.now());
  if (made.length > 0) await statements.insert(sql, made);
  return results;
}

/**
 * Checks that the accounts of the pending transfers are among the locked ones.
 * @throws LostRace if one was made since the accounts were locked; the transaction is then repeated
 */
function checkLocked(accounts: readonly { id: string }[], pending: readonly FoundTransfer[]): void {
  const locked = new Set(accounts.map(({ id }) => id));
  const isLocked = ({ debitAccount, creditAccount }: FoundTransfer): boolean =>
    locked.has(debitAccount) && locked.has(creditAccount);
  if (!pending.every(isLocked)) throw new LostRace('a pending transfer was made meanwhile');
}

/** The ids of the accounts and of the pending transfers that transfers name. */
function namedBy(transfers: readonly (NewTransfer | Expiry)[]): { accountIds: string[]; pendingIds: string[] } {
  const accountIds = new Set<string>();
  const pendingIds = new Set<string>();
  for (const transfer of transfers) {
    if ('pendingId' in transfer) pendingIds.add(transfer.pendingId);
    else accountIds.add(transfer.debitAccount).add(transfer.creditAccount);
  }
  return { accountIds: [...accountIds], pendingIds: [...pendingIds] };
}

const stateOf = (
  accounts: Awaited<ReturnType<LedgerStatements['lockAccounts']>>,
  found: readonly FoundTransfer[],
): LedgerState => ({
  accounts: new Map(accounts.map((account) => [account.id, account])),
  transfers: new Map(found.map((transfer) => [transfer.id, transfer])),
  resolutions: new Map(found.flatMap(({ id, resolvedBy }) => (resolvedBy ? [[id, resolvedBy]] : []))),
});

function compareAccounts(
  wanted: readonly NewAccount[],
  created: ReadonlySet<string>,
  found: Awaited<ReturnType<LedgerStatements['accounts']>>,
): AccountResult[] {
  const byId = new Map(found.map((account) => [account.id, account]));
  const seen = new Set<string>();
  return wanted.map((account) => {
    const isNew = created.has(account.id) && !seen.has(account.id);
    seen.add(account.id);
    return { id: account.id, outcome: isNew ? 'CREATED' : existingAccount(account, byId.get(account.id)!) };
  });
}

function checkNumber({ length }: readonly unknown[]): void {
  if (length > MAX_TRANSFERS) throw new RangeError(`At most ${MAX_TRANSFERS} in one call, not ${length}.`);
}
