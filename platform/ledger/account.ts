/**
 * Accounts of a ledger. An account has debits and credits, pending and posted; its balance is their difference, and
 * which way round is positive depends on the account: what we have is a debit balance, what we owe a credit balance.
 */
import { checkText } from './check-text.ts';
import type { AccountRow } from './entities.ts';

/**
 * A limit of an account's balance, held at every transfer. `DEBITS_WITHIN_CREDITS`: pending and posted debits never
 * exceed the posted credits, as in a wallet, from which nobody takes more than is in it. `CREDITS_WITHIN_DEBITS` is the
 * opposite, for accounts with a debit balance.
 */
export const BalanceLimit = {
  NONE: 'NONE',
  DEBITS_WITHIN_CREDITS: 'DEBITS_WITHIN_CREDITS',
  CREDITS_WITHIN_DEBITS: 'CREDITS_WITHIN_DEBITS',
} as const;
/** A limit of an account's balance. */
export type BalanceLimit = keyof typeof BalanceLimit;

/** An account to open. */
export interface NewAccount {
  /** Chosen by the caller, of 1 to 200 characters: the same id again is the same account. */
  id: string;
  /** The unit that it counts, of 1 to 20 characters: a currency's code, `POINTS`. */
  ledger: string;
  /** The kind of account, in the words of its room, of 1 to 50 characters: `STORE_CREDIT`. */
  code: string;
  /** The id of the thing that it is about. Never personal data. */
  reference?: string;
  /** @default NONE */
  balanceLimit?: BalanceLimit;
}

/** Outcome of opening an account. It exists already, or exists otherwise, and then nothing is changed. */
export type AccountOutcome =
  | 'CREATED'
  | 'EXISTS'
  | 'EXISTS_WITH_DIFFERENT_LEDGER'
  | 'EXISTS_WITH_DIFFERENT_CODE'
  | 'EXISTS_WITH_DIFFERENT_REFERENCE'
  | 'EXISTS_WITH_DIFFERENT_BALANCE_LIMIT';

/** An account's balances in minor units, or in whole units of what has no minor ones. */
export type Balances = Pick<AccountRow, 'debitsPending' | 'debitsPosted' | 'creditsPending' | 'creditsPosted'>;

/** The amount that may still be debited from an account: its posted credits less all debits. May be negative. */
export const creditBalance = ({ creditsPosted, debitsPosted, debitsPending }: Balances): bigint =>
  creditsPosted - debitsPosted - debitsPending;

/** The amount that may still be credited to an account: its posted debits less all credits. May be negative. */
export const debitBalance = ({ debitsPosted, creditsPosted, creditsPending }: Balances): bigint =>
  debitsPosted - creditsPosted - creditsPending;

/** Checks what no state of the ledger can make right. @throws RangeError */
export function checkAccount({ id, ledger, code, reference }: NewAccount): void {
  checkText('id of an account', id, 200);
  checkText('ledger of an account', ledger, 20);
  checkText('code of an account', code, 50);
  checkText('reference of an account', reference, 200);
}

/** The outcome for an account that exists. */
export function existingAccount(
  wanted: NewAccount,
  found: Pick<AccountRow, 'ledger' | 'code' | 'reference' | 'balanceLimit'>,
): AccountOutcome {
  if (found.ledger !== wanted.ledger) return 'EXISTS_WITH_DIFFERENT_LEDGER';
  if (found.code !== wanted.code) return 'EXISTS_WITH_DIFFERENT_CODE';
  if (found.reference !== (wanted.reference ?? null)) return 'EXISTS_WITH_DIFFERENT_REFERENCE';
  if (found.balanceLimit !== (wanted.balanceLimit ?? 'NONE')) return 'EXISTS_WITH_DIFFERENT_BALANCE_LIMIT';
  return 'EXISTS';
}
