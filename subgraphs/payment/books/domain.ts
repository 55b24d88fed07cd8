/**
 * The books of payments: which accounts there are, and which transfers the facts of a payment make. Pure: no I/O, no
 * clock, no randomness.
 *
 * A payment has an account of its own, which owes what was captured for its order; the provider has one for each
 * currency, which owes us what it captured. An authorisation is a pending transfer between the two, a capture posts it,
 * a void voids it, and a refund is a transfer back. No payment's account goes below zero: more than was captured cannot
 * be refunded.
 */
import type { NewAccount } from '../../../platform/ledger/account.ts';
import type { NewTransfer } from '../../../platform/ledger/transfer.ts';
import { isHeld } from '../domain.ts';
import type { PaymentRow, RefundRow } from '../entities.ts';

/** Kinds of accounts. */
export const ACCOUNT_CODES = ['PAYMENT', 'PROVIDER_CLEARING'] as const;

/** Id of the provider's clearing account in a currency. */
export const providerAccount = (currency: string): string => `provider/${currency}`;

/** A fact of a payment that moves money. */
export interface Moved {
  fact: 'AUTHORISED' | 'CAPTURED' | 'VOIDED' | 'REFUNDED';
  paymentId: string;
  orderId: string;
  amountMinor: bigint;
  currency: string;
  /** Of a refund. */
  refundId?: string;
  /** Null if it is not known. */
  at: Date | null;
}

/** The accounts of the payments that are authorised here, and of their provider. */
export function accountsOf(moved: readonly Moved[]): NewAccount[] {
  const begun = moved.filter(({ fact }) => fact === 'AUTHORISED');
  const currencies = [...new Set(begun.map(({ currency }) => currency))];
  return [
    ...currencies.map((currency): NewAccount => {
      return { id: providerAccount(currency), ledger: currency, code: 'PROVIDER_CLEARING' };
    }),
    ...begun.map(({ paymentId, orderId, currency }): NewAccount => {
      const id = paymentId;
      return { id, ledger: currency, code: 'PAYMENT', reference: orderId, balanceLimit: 'DEBITS_WITHIN_CREDITS' };
    }),
  ];
}

const authorisationOf = (paymentId: string): string => `${paymentId}/authorisation`;

/** The transfer of a fact. Its id is the fact's own, so that a fact that is told twice moves nothing again. */
export function transferOf(moved: Moved): NewTransfer {
  const { fact, paymentId, orderId: reference, currency: ledger, amountMinor: amount, at: occurredAt } = moved;
  const provider = providerAccount(ledger);
  const pendingId = authorisationOf(paymentId);
  switch (fact) {
    case 'AUTHORISED': {
      const accounts = { debitAccount: provider, creditAccount: paymentId };
      return {
        kind: 'PENDING',
        id: pendingId,
        code: 'AUTHORISATION',
        ...accounts,
        ledger,
        amount,
        reference,
        occurredAt,
      };
    }
    case 'CAPTURED':
      return {
        kind: 'POST_PENDING',
        id: `${paymentId}/capture`,
        code: 'CAPTURE',
        pendingId,
        amount,
        reference,
        occurredAt,
      };
    case 'VOIDED':
      return { kind: 'VOID_PENDING', id: `${paymentId}/void`, code: 'VOID', pendingId, reference, occurredAt };
    case 'REFUNDED': {
      const accounts = { debitAccount: paymentId, creditAccount: provider };
      return {
        kind: 'POSTED',
        id: moved.refundId!,
        code: 'REFUND',
        ...accounts,
        ledger,
        amount,
        reference,
        occurredAt,
      };
    }
  }
}

/** A payment with the refunds that were made, as it is booked. */
export interface PaymentToBook extends PaymentRow {
  refunds: Pick<RefundRow, 'id' | 'amountMinor' | 'createdAt'>[];
}

/** The facts of a payment, as its row and its refunds tell them. */
export function movedSoFar(payment: PaymentToBook): Moved[] {
  const { id: paymentId, orderId, currency, amountMinor, capturedMinor, authorisedAt, updatedAt } = payment;
  if (!authorisedAt) return [];
  const about = { paymentId, orderId, currency };
  const moved: Moved[] = [{ ...about, fact: 'AUTHORISED', amountMinor, at: authorisedAt }];
  // A payment keeps the time of its last change alone.
  const capturedAt = payment.status === 'CAPTURED' ? updatedAt : null;
  if (capturedMinor > 0n) moved.push({ ...about, fact: 'CAPTURED', amountMinor: capturedMinor, at: capturedAt });
  else if (!isHeld(payment)) moved.push({ ...about, fact: 'VOIDED', amountMinor, at: updatedAt });
  for (const { id: refundId, amountMinor, createdAt: at } of payment.refunds)
    moved.push({ ...about, fact: 'REFUNDED', amountMinor, refundId, at });
  return moved;
}
