/** The rules of a payment. Pure: no I/O, no clock, no randomness. */
import { refuse, Unavailable } from '../../platform/errors.ts';
import { fromDecimal, money, type Money, toDecimal } from '../../platform/money.ts';
import type { PaymentRow, PaymentStatus, Pending } from './entities.ts';
import type { ProviderPayment } from './provider/provider.ts';

/** A change in the life of a payment; each is published as an event. */
export type Fact =
  | 'ACTION_REQUIRED'
  | 'AUTHORISED'
  | 'DECLINED'
  | 'EXPIRED'
  | 'CAPTURED'
  | 'CAPTURE_REFUSED'
  | 'VOIDED'
  | 'REFUNDED_IN_PART'
  | 'REFUNDED';

/**
 * The state machine. A fact without a transition from a status is old news: a slow process may record answers of the
 * provider in another order than they were given, and the status never goes back for them.
 */
const TRANSITIONS: Record<PaymentStatus, Partial<Record<Fact, PaymentStatus>>> = {
  CREATED: { ACTION_REQUIRED: 'REQUIRES_ACTION', AUTHORISED: 'AUTHORIZED', DECLINED: 'FAILED', VOIDED: 'VOIDED' },
  REQUIRES_ACTION: { AUTHORISED: 'AUTHORIZED', DECLINED: 'FAILED', EXPIRED: 'FAILED', VOIDED: 'VOIDED' },
  AUTHORIZED: { CAPTURED: 'CAPTURED', CAPTURE_REFUSED: 'FAILED', VOIDED: 'VOIDED' },
  CAPTURED: { REFUNDED_IN_PART: 'PARTIALLY_REFUNDED', REFUNDED: 'REFUNDED' },
  PARTIALLY_REFUNDED: { REFUNDED_IN_PART: 'PARTIALLY_REFUNDED', REFUNDED: 'REFUNDED' },
  // A payment whose capture was refused is still held at the provider until it is voided.
  FAILED: { VOIDED: 'VOIDED' },
  VOIDED: {},
  REFUNDED: {},
};

/** The status after a fact; undefined if the fact is old news. */
export const after = (status: PaymentStatus, fact: Fact): PaymentStatus | undefined => TRANSITIONS[status][fact];

/** All facts that this state of the provider implies, oldest first. Refunds have their own records. */
export function factsOf({ status, refusal }: ProviderPayment): Fact[] {
  switch (status) {
    case 'REQUIRES_ACTION':
      return ['ACTION_REQUIRED'];
    case 'AUTHORISED':
      return refusal ? ['AUTHORISED', 'CAPTURE_REFUSED'] : ['AUTHORISED'];
    case 'CAPTURED':
      return ['AUTHORISED', 'CAPTURED'];
    case 'EXPIRED':
      // Also if this side never learned that an action was required.
      return ['ACTION_REQUIRED', 'EXPIRED'];
    default:
      return [status];
  }
}

/** A fact that is news, with the status after it. */
export interface Progress {
  fact: Fact;
  status: PaymentStatus;
}

/**
 * The news for a payment of this status in a state of the provider, from whatever source (an answer, a reconciliation,
 * a webhook), oldest first. A known or older state has none: so evidence may come late, twice and in any order, and the
 * payment ends the same.
 */
export function progress(status: PaymentStatus, found: ProviderPayment): Progress[] {
  const news: Progress[] = [];
  for (const fact of factsOf(found)) {
    const next = after(news.at(-1)?.status ?? status, fact);
    if (next) news.push({ fact, status: next });
  }
  return news;
}

type State = Pick<PaymentRow, 'status' | 'pending' | 'authorisedAt'>;

/** Whether the provider holds the amount for us without having captured it. */
export const isHeld = ({ status, authorisedAt }: Pick<State, 'status' | 'authorisedAt'>): boolean =>
  status === 'AUTHORIZED' || (status === 'FAILED' && authorisedAt != null);

/** Whether nothing is held, nothing is captured, and neither can happen any more. */
export const isOver = (payment: Pick<State, 'status' | 'authorisedAt'>): boolean =>
  ['VOIDED', 'REFUNDED', 'FAILED'].includes(payment.status) && !isHeld(payment);

/** The request to the provider that is still pending once the payment has this status. */
export function stillPending({ pending, ...payment }: State): Pending | null {
  if (pending === 'AUTHORISE') return payment.status === 'CREATED' ? pending : null;
  if (pending === 'CAPTURE') return payment.status === 'AUTHORIZED' ? pending : null;
  return pending === 'CANCEL' && !isOver(payment) ? pending : null;
}

/** Whether the payment was captured, whatever was refunded since. */
export const isCaptured = ({ status }: Pick<State, 'status'>): boolean =>
  status === 'CAPTURED' || status === 'PARTIALLY_REFUNDED' || status === 'REFUNDED';

type Judged = State & Pick<PaymentRow, 'failureCode' | 'failure'>;

/**
 * Passes an authorised or captured payment, and one that waits for its buyer.
 * @throws Refusal PAYMENT_DECLINED, PAYMENT_FAILED, PAYMENT_ACTION_EXPIRED, PAYMENT_CANCELLED
 */
export function checkAuthorised(payment: Judged): void {
  if (payment.status === 'FAILED') throw refuseFailed(payment);
  if (payment.pending === 'CANCEL' || payment.status === 'VOIDED' || payment.status === 'REFUNDED')
    throw cancelled('PAYMENT_CANCELLED');
  if (payment.status === 'CREATED') throw new Unavailable('The outcome of the authorisation is not known yet.');
}

/** Whether to ask the provider for a capture: not if it is done. @throws Refusal PAYMENT_FAILED, INVALID_STATE */
export function mayCapture(payment: Judged): boolean {
  if (payment.status === 'VOIDED' || payment.status === 'REFUNDED') throw cancelled('PAYMENT_FAILED');
  if (payment.status === 'FAILED')
    throw refuse('PAYMENT_FAILED', payment.failure ?? 'The payment failed.', ['input', 'orderId']);
  // A cancellation that has begun has priority: no capture starts any more (see cancel.ts).
  if (payment.pending === 'CANCEL') throw cancelled('PAYMENT_FAILED');
  if (isCaptured(payment)) return false;
  if (payment.status !== 'AUTHORIZED')
    throw refuse('INVALID_STATE', 'The payment is not authorised.', ['input', 'orderId']);
  return true;
}

/** The most refunds of one payment in parts; a later one must give back all that is left. */
export const MAX_REFUNDS = 50;

/** The amount of a refund: the one asked for, or all that is left. @throws Refusal INVALID_STATE, INVALID_INPUT */
export function refundable(
  payment: Pick<PaymentRow, 'status' | 'capturedMinor' | 'currency'>,
  refunds: readonly bigint[],
  asked: Money | undefined,
): bigint {
  const left = payment.capturedMinor - refunds.reduce((a, b) => a + b, 0n);
  if (!isCaptured(payment) || left <= 0n)
    throw refuse('INVALID_STATE', 'There is nothing left to refund.', ['input', 'paymentId']);
  if (!asked) return left;
  if (asked.currency !== payment.currency)
    throw refuse('INVALID_INPUT', `The payment is in ${payment.currency}.`, ['input', 'amount', 'currency']);
  if (asked.minor <= 0n) throw refuse('INVALID_INPUT', 'A refund is more than nothing.', ['input', 'amount']);
  if (asked.minor > left)
    throw refuse(
      'REFUND_EXCEEDS_CAPTURED',
      `That is more than what was captured and not yet refunded: ${toDecimal(money(left, payment.currency))} ${payment.currency} is left.`,
      ['input', 'amount'],
    );
  if (refunds.length >= MAX_REFUNDS && asked.minor < left) {
    throw refuse(
      'INVALID_STATE',
      `This payment has been refunded ${MAX_REFUNDS} times, which is the most in parts: give back all that is left, by leaving the amount out.`,
      ['input', 'amount'],
    );
  }
  return asked.minor;
}

/** An amount to pay. @throws Refusal INVALID_INPUT if it is no amount of the currency, or not positive */
export function readAmount({ amount, currency }: { amount: string; currency: string }): Money {
  try {
    return fromDecimal(amount, currency);
  } catch (error) {
    throw refuse('INVALID_INPUT', (error as RangeError).message, ['input', 'amount', 'amount']);
  }
}

/** The outcome of a cancellation. */
export function cancellationOf(
  payment: Pick<State, 'status' | 'authorisedAt'> | undefined,
): 'NOTHING' | 'VOIDED' | 'REFUNDED' {
  if (payment?.status === 'REFUNDED') return 'REFUNDED';
  return payment?.status === 'VOIDED' && payment.authorisedAt ? 'VOIDED' : 'NOTHING';
}

const refuseFailed = ({ failureCode, failure }: Judged) =>
  refuse(failureCode ?? 'PAYMENT_FAILED', failure ?? 'The payment failed.', ['input']);
const cancelled = (code: string) => refuse(code, 'The payment was cancelled.', ['input', 'orderId']);
