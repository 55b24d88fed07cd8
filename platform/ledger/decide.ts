/**
 * What becomes of a list of transfers, one after the other, each on what those before it left. Pure: no I/O, no clock,
 * no randomness. The rules and their order are those of TigerBeetle
 * (https://docs.tigerbeetle.com/reference/requests/create_transfers), but that a repeated chain answers `EXISTS` for
 * each of its transfers, so that a caller may repeat it, and that a refused id may be used again.
 */
import { creditBalance, debitBalance } from './account.ts';
import type { AccountRow, TransferRow } from './entities.ts';
import type {
  Balancing,
  Expiry,
  Movement,
  NewTransfer,
  Resolution,
  TransferKind,
  TransferRefusal,
  TransferResult,
} from './transfer.ts';

/** An account as the rules see it. */
export type AccountState = Pick<
  AccountRow,
  'id' | 'ledger' | 'balanceLimit' | 'debitsPending' | 'debitsPosted' | 'creditsPending' | 'creditsPosted'
>;

/** A transfer that exists, as the rules see it. */
export type TransferState = Omit<TransferRow, 'position'>;

/** The part of a ledger that a list of transfers can touch: it is changed by deciding. */
export interface LedgerState {
  accounts: Map<string, AccountState>;
  transfers: Map<string, TransferState>;
  /** How each resolved pending transfer was resolved, by its id. */
  resolutions: Map<string, TransferKind>;
}

/** The answers, in the order of the transfers, and the transfers to insert. */
export interface Decision {
  results: TransferResult[];
  made: TransferState[];
}

/** The most that the debits or the credits of an account, pending and posted, come to: PostgreSQL's bigint. */
const MAX_BALANCE = 2n ** 63n - 1n;

/** Decides on transfers. `state` is as they leave it afterwards. */
export function decide(state: LedgerState, transfers: readonly (NewTransfer | Expiry)[], now: Date): Decision {
  const results: TransferResult[] = [];
  const made: TransferState[] = [];
  for (let start = 0; start < transfers.length; ) {
    const chain = chainAt(transfers, start);
    const decided = decideChain(state, chain, now);
    results.push(...decided.results);
    made.push(...decided.made);
    start += chain.length;
  }
  return { results, made };
}

/** The linked transfers from here to the first one that is not linked to its successor. */
function chainAt<T extends { linked?: boolean }>(transfers: readonly T[], start: number): T[] {
  let end = start;
  while (end < transfers.length - 1 && transfers[end]!.linked) end++;
  return transfers.slice(start, end + 1);
}

function decideChain(state: LedgerState, chain: readonly (NewTransfer | Expiry)[], now: Date): Decision {
  const results: TransferResult[] = [];
  const made: TransferState[] = [];
  const failAt = (at: number, outcome: TransferRefusal): Decision => {
    for (const transfer of made.toReversed()) undo(state, transfer);
    return {
      results: chain.map(({ id }, n) => ({ id, outcome: n === at ? outcome : 'LINKED_TRANSFER_FAILED' })),
      made: [],
    };
  };
  if (chain.at(-1)!.linked) return failAt(chain.length - 1, 'LINKED_CHAIN_OPEN');
  for (const [at, transfer] of chain.entries()) {
    const existing = state.transfers.get(transfer.id);
    const outcome = existing ? compare(existing, transfer, state) : judge(state, transfer, now);
    if (outcome === 'EXISTS') results.push({ id: transfer.id, outcome, amount: existing!.amount });
    else if (typeof outcome === 'string') return failAt(at, outcome);
    else {
      apply(state, outcome);
      made.push(outcome);
      results.push({ id: outcome.id, outcome: 'CREATED', amount: outcome.amount });
    }
  }
  return { results, made };
}

const isResolution = (transfer: NewTransfer | Expiry): transfer is Resolution | Expiry => 'pendingId' in transfer;

/** The answer to a transfer whose id exists. */
function compare(found: TransferState, wanted: NewTransfer | Expiry, state: LedgerState): 'EXISTS' | TransferRefusal {
  if (found.kind !== wanted.kind) return 'EXISTS_WITH_DIFFERENT_KIND';
  const difference = isResolution(wanted)
    ? differentResolution(found, wanted, state)
    : differentMovement(found, wanted);
  if (difference) return difference;
  if (found.reference !== (wanted.reference ?? null)) return 'EXISTS_WITH_DIFFERENT_REFERENCE';
  if (!isResolution(wanted) && found.ledger !== wanted.ledger) return 'EXISTS_WITH_DIFFERENT_LEDGER';
  return found.code === wanted.code ? 'EXISTS' : 'EXISTS_WITH_DIFFERENT_CODE';
}

function differentResolution(
  found: TransferState,
  wanted: Resolution | Expiry,
  { transfers }: LedgerState,
): TransferRefusal | undefined {
  if (found.pendingId !== wanted.pendingId) return 'EXISTS_WITH_DIFFERENT_PENDING_ID';
  const amount = ('amount' in wanted ? wanted.amount : undefined) ?? transfers.get(wanted.pendingId)!.amount;
  return found.amount === amount ? undefined : 'EXISTS_WITH_DIFFERENT_AMOUNT';
}

function differentMovement(found: TransferState, wanted: Movement): TransferRefusal | undefined {
  // Balancing is a flag of TigerBeetle's: another one is a transfer of another kind.
  if (found.balancing !== (wanted.balancing ?? null)) return 'EXISTS_WITH_DIFFERENT_KIND';
  if (timeoutOf(found) !== (wanted.timeoutSeconds ?? null)) return 'EXISTS_WITH_DIFFERENT_TIMEOUT';
  if (found.debitAccount !== wanted.debitAccount) return 'EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT';
  if (found.creditAccount !== wanted.creditAccount) return 'EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT';
  const isSame = found.balancing ? found.amount <= wanted.amount : found.amount === wanted.amount;
  return isSame ? undefined : 'EXISTS_WITH_DIFFERENT_AMOUNT';
}

const timeoutOf = ({ expiresAt, createdAt }: TransferState): number | null =>
  expiresAt && (expiresAt.getTime() - createdAt.getTime()) / 1000;

/** The transfer to make, or why it is refused. */
const judge = (state: LedgerState, transfer: NewTransfer | Expiry, now: Date): TransferState | TransferRefusal =>
  isResolution(transfer) ? resolve(state, transfer, now) : move(state, transfer, now);

function move({ accounts }: LedgerState, wanted: Movement, now: Date): TransferState | TransferRefusal {
  if (wanted.debitAccount === wanted.creditAccount) return 'ACCOUNTS_MUST_BE_DIFFERENT';
  const debit = accounts.get(wanted.debitAccount);
  if (!debit) return 'DEBIT_ACCOUNT_NOT_FOUND';
  const credit = accounts.get(wanted.creditAccount);
  if (!credit) return 'CREDIT_ACCOUNT_NOT_FOUND';
  if (debit.ledger !== credit.ledger) return 'ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER';
  if (wanted.ledger !== debit.ledger) return 'TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS';
  const amount = balanced(wanted, debit, credit);
  if (amount <= 0n) return wanted.balancing === 'DEBIT' ? 'EXCEEDS_CREDITS' : 'EXCEEDS_DEBITS';
  if (debit.debitsPending + debit.debitsPosted + amount > MAX_BALANCE) return 'OVERFLOWS';
  if (credit.creditsPending + credit.creditsPosted + amount > MAX_BALANCE) return 'OVERFLOWS';
  if (debit.balanceLimit === 'DEBITS_WITHIN_CREDITS' && amount > creditBalance(debit)) return 'EXCEEDS_CREDITS';
  if (credit.balanceLimit === 'CREDITS_WITHIN_DEBITS' && amount > debitBalance(credit)) return 'EXCEEDS_DEBITS';
  const { debitAccount, creditAccount, ledger, balancing = null, timeoutSeconds } = wanted;
  const expiresAt = timeoutSeconds === undefined ? null : new Date(now.getTime() + timeoutSeconds * 1000);
  return {
    ...recorded(wanted, now),
    debitAccount,
    creditAccount,
    ledger,
    amount,
    pendingId: null,
    expiresAt,
    balancing,
  };
}

/** The columns that transfers of all kinds take from their request. */
const recorded = ({ id, kind, code, reference, occurredAt }: NewTransfer | Expiry, now: Date) => ({
  id,
  kind,
  code,
  reference: reference ?? null,
  occurredAt: occurredAt === undefined ? now : occurredAt,
  createdAt: now,
});

/** The amount that a transfer comes to: as much of it as the balance allows, if it is a balancing one. */
function balanced({ amount, balancing }: Movement, debit: AccountState, credit: AccountState): bigint {
  if (!balancing) return amount;
  const there: Record<Balancing, bigint> = { DEBIT: creditBalance(debit), CREDIT: debitBalance(credit) };
  return amount < there[balancing] ? amount : there[balancing];
}

const RESOLVED = {
  POST_PENDING: 'PENDING_TRANSFER_ALREADY_POSTED',
  VOID_PENDING: 'PENDING_TRANSFER_ALREADY_VOIDED',
  EXPIRED: 'PENDING_TRANSFER_EXPIRED',
} as const satisfies Partial<Record<TransferKind, TransferRefusal>>;

function resolve(state: LedgerState, wanted: Resolution | Expiry, now: Date): TransferState | TransferRefusal {
  const { kind, pendingId } = wanted;
  const pending = state.transfers.get(pendingId);
  if (!pending) return 'PENDING_TRANSFER_NOT_FOUND';
  if (pending.kind !== 'PENDING') return 'PENDING_TRANSFER_NOT_PENDING';
  const { debitAccount, creditAccount, ledger } = pending;
  const amount = ('amount' in wanted ? wanted.amount : undefined) ?? pending.amount;
  if (amount > pending.amount) return 'EXCEEDS_PENDING_TRANSFER_AMOUNT';
  const earlier = state.resolutions.get(pendingId);
  if (earlier) return RESOLVED[earlier as keyof typeof RESOLVED];
  // Over is over, whether or not the scheduled job has been there; and nothing expires before its time.
  const isOver = pending.expiresAt !== null && pending.expiresAt <= now;
  if (isOver !== (kind === 'EXPIRED')) return isOver ? 'PENDING_TRANSFER_EXPIRED' : 'PENDING_TRANSFER_NOT_EXPIRED';
  return {
    ...recorded(wanted, now),
    debitAccount,
    creditAccount,
    ledger,
    amount,
    pendingId,
    expiresAt: null,
    balancing: null,
    ...(kind === 'EXPIRED' && { occurredAt: pending.expiresAt }),
  };
}

function apply(state: LedgerState, transfer: TransferState): void {
  shift(state, transfer, 1n);
  state.transfers.set(transfer.id, transfer);
  if (transfer.pendingId !== null) state.resolutions.set(transfer.pendingId, transfer.kind);
}

function undo(state: LedgerState, transfer: TransferState): void {
  if (transfer.pendingId !== null) state.resolutions.delete(transfer.pendingId);
  state.transfers.delete(transfer.id);
  shift(state, transfer, -1n);
}

/** Moves the balances of both accounts by a transfer, once or back. */
function shift({ accounts, transfers }: LedgerState, transfer: TransferState, times: 1n | -1n): void {
  const { kind, amount, pendingId } = transfer;
  const debit = accounts.get(transfer.debitAccount)!;
  const credit = accounts.get(transfer.creditAccount)!;
  const reserved = kind === 'PENDING' ? amount : pendingId === null ? 0n : -transfers.get(pendingId)!.amount;
  const moved = kind === 'POSTED' || kind === 'POST_PENDING' ? amount : 0n;
  debit.debitsPending += reserved * times;
  debit.debitsPosted += moved * times;
  credit.creditsPending += reserved * times;
  credit.creditsPosted += moved * times;
}
