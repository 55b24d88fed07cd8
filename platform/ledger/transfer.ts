/**
 * Transfers of a ledger, with the kinds, rules and answers of TigerBeetle
 * (https://docs.tigerbeetle.com/reference/transfer, https://docs.tigerbeetle.com/coding/two-phase-transfers).
 */
import { checkText } from './check-text.ts';

/**
 * Kinds of transfers: one posted at once; a pending one, which reserves its amount on both accounts; and the three that
 * resolve a pending one: posted (in part or whole), voided, or expired by its timeout.
 */
export const TransferKind = {
  POSTED: 'POSTED',
  PENDING: 'PENDING',
  POST_PENDING: 'POST_PENDING',
  VOID_PENDING: 'VOID_PENDING',
  EXPIRED: 'EXPIRED',
} as const;
/** A kind of transfer. */
export type TransferKind = keyof typeof TransferKind;

/** The side whose balance cuts the amount of a balancing transfer: "as much as there is". */
export const Balancing = { DEBIT: 'DEBIT', CREDIT: 'CREDIT' } as const;
/** The side of a balancing transfer. */
export type Balancing = keyof typeof Balancing;

/** What all transfers have. */
interface Common {
  /** Chosen by the caller, of 1 to 200 characters: the same id again is the same transfer, and moves nothing again. */
  id: string;
  /** The kind of movement, in the words of its room, of 1 to 50 characters: `REFUND`. */
  code: string;
  /** The id of the thing that it is about. Never personal data. */
  reference?: string;
  /**
   * When it happened, if the ledger learns of it later; null if that is not known. A repetition is the same transfer
   * whatever it says here.
   * @default now
   */
  occurredAt?: Date | null;
  /** Whether it succeeds or fails together with the next one of the list, and so on to the end of the chain. */
  linked?: boolean;
}

/** A transfer that is posted at once, or reserves its amount as a pending one. */
export interface Movement extends Common {
  kind: 'POSTED' | 'PENDING';
  debitAccount: string;
  creditAccount: string;
  /** The ledger of both accounts, said once more so that no amount of one unit is taken for one of another. */
  ledger: string;
  /** In minor units, more than zero. Of a balancing transfer: at most. */
  amount: bigint;
  /**
   * Moves as much of the amount as the debit account has in credits, or the credit account in debits.
   * @default the whole amount or nothing
   */
  balancing?: Balancing;
  /** Seconds until a pending transfer expires. @default it does not expire */
  timeoutSeconds?: number;
}

/** A transfer that posts a pending one, or voids it. It has the accounts of the pending one. */
export interface Resolution extends Common {
  kind: 'POST_PENDING' | 'VOID_PENDING';
  pendingId: string;
  /** The part to post; the rest is released. @default the whole amount; a void is always whole */
  amount?: bigint;
}

/** The expiry of a pending transfer, made by the scheduled job alone. */
export interface Expiry extends Common {
  kind: 'EXPIRED';
  pendingId: string;
}

/** A transfer to make. */
export type NewTransfer = Movement | Resolution;

/** Why a transfer was not made. Nothing was written, and its id is free. */
export type TransferRefusal =
  | 'LINKED_TRANSFER_FAILED'
  | 'LINKED_CHAIN_OPEN'
  | 'EXISTS_WITH_DIFFERENT_KIND'
  | 'EXISTS_WITH_DIFFERENT_PENDING_ID'
  | 'EXISTS_WITH_DIFFERENT_TIMEOUT'
  | 'EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT'
  | 'EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT'
  | 'EXISTS_WITH_DIFFERENT_AMOUNT'
  | 'EXISTS_WITH_DIFFERENT_REFERENCE'
  | 'EXISTS_WITH_DIFFERENT_LEDGER'
  | 'EXISTS_WITH_DIFFERENT_CODE'
  | 'DEBIT_ACCOUNT_NOT_FOUND'
  | 'CREDIT_ACCOUNT_NOT_FOUND'
  | 'ACCOUNTS_MUST_BE_DIFFERENT'
  | 'ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER'
  | 'TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS'
  | 'PENDING_TRANSFER_NOT_FOUND'
  | 'PENDING_TRANSFER_NOT_PENDING'
  | 'EXCEEDS_PENDING_TRANSFER_AMOUNT'
  | 'PENDING_TRANSFER_ALREADY_POSTED'
  | 'PENDING_TRANSFER_ALREADY_VOIDED'
  | 'PENDING_TRANSFER_EXPIRED'
  | 'PENDING_TRANSFER_NOT_EXPIRED'
  | 'EXCEEDS_CREDITS'
  | 'EXCEEDS_DEBITS'
  | 'OVERFLOWS';

/** Outcome of a transfer: made now, made before by the same request, or refused. */
export type TransferOutcome = 'CREATED' | 'EXISTS' | TransferRefusal;

/** The answer to a transfer. */
export interface TransferResult {
  id: string;
  outcome: TransferOutcome;
  /** The amount that it moved or reserved: what a balancing transfer came to. Absent where it was refused. */
  amount?: bigint;
}

/** Whether a transfer, or an account, is there: made now or before. */
export const isMade = ({ outcome }: { outcome: string }): boolean => outcome === 'CREATED' || outcome === 'EXISTS';

/** The most transfers in one call: each locks two accounts. */
export const MAX_TRANSFERS = 1000;

/** The longest timeout, in seconds: a hundred years. */
const MAX_TIMEOUT_SECONDS = 3_155_760_000;

/** Checks what no state of the ledger can make right. @throws RangeError */
export function checkTransfer(transfer: NewTransfer | Expiry): void {
  checkText('id of a transfer', transfer.id, 200);
  checkText('code of a transfer', transfer.code, 50);
  checkText('reference of a transfer', transfer.reference, 200);
  if ('amount' in transfer && transfer.amount !== undefined && transfer.amount <= 0n)
    throw new RangeError(`The amount of the transfer ${transfer.id} is more than zero, not ${transfer.amount}.`);
  if (transfer.kind === 'VOID_PENDING' && transfer.amount !== undefined)
    throw new RangeError(`The transfer ${transfer.id} voids a whole amount: leave the amount out.`);
  if ('timeoutSeconds' in transfer && transfer.timeoutSeconds !== undefined) checkTimeout(transfer);
}

function checkTimeout({ id, kind, timeoutSeconds }: Movement): void {
  if (kind !== 'PENDING') throw new RangeError(`The transfer ${id} is not pending: it has no timeout.`);
  const isRight = Number.isInteger(timeoutSeconds) && timeoutSeconds! >= 1 && timeoutSeconds! <= MAX_TIMEOUT_SECONDS;
  if (!isRight) throw new RangeError(`The timeout of the transfer ${id} is 1 to ${MAX_TIMEOUT_SECONDS} whole seconds.`);
}
