/**
 * Evidence of the provider about a payment, by an answer, a reconciliation or a webhook, must agree with itself and
 * with the record. Pure: no I/O, no clock, no randomness.
 */
import { Fault } from '../../platform/errors.ts';
import { isHeld } from './domain.ts';
import type { PaymentRow, PaymentStatus } from './entities.ts';
import type { ProviderPayment, ProviderStatus } from './provider/provider.ts';

/** The part of a payment's record that evidence can contradict. */
export type Recorded = Pick<
  PaymentRow,
  'status' | 'amountMinor' | 'currency' | 'authorisedAt' | 'actionUrl' | 'pending' | 'capturesAtOnce' | 'createdAt'
>;

const DAY_MS = 86_400_000;
/** The longest that a buyer may have for an action, in days from when the payment was made. */
const MAX_ACTION_DAYS = 31;
const MAX_URL = 2000;

/**
 * The provider's statuses that are possible beside each recorded status: later ones, and earlier ones, since messages
 * come late. Others contradict the record: a voided payment is not captured, and a captured one was not declined.
 */
const TOLD_OF: Record<PaymentStatus, readonly ProviderStatus[]> = {
  CREATED: ['REQUIRES_ACTION', 'AUTHORISED', 'DECLINED', 'EXPIRED', 'CAPTURED', 'VOIDED'],
  REQUIRES_ACTION: ['REQUIRES_ACTION', 'AUTHORISED', 'DECLINED', 'EXPIRED', 'CAPTURED', 'VOIDED'],
  AUTHORIZED: ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED', 'VOIDED'],
  CAPTURED: ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED'],
  PARTIALLY_REFUNDED: ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED'],
  REFUNDED: ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED'],
  VOIDED: ['REQUIRES_ACTION', 'AUTHORISED', 'VOIDED'],
  FAILED: ['REQUIRES_ACTION', 'DECLINED', 'EXPIRED', 'VOIDED'],
};

/**
 * Statuses possible for a payment that was never held: it makes no difference whether it was declined, expired or
 * voided.
 */
const NEVER_KEPT: readonly ProviderStatus[] = ['REQUIRES_ACTION', 'DECLINED', 'EXPIRED', 'VOIDED'];
/** Statuses possible for a payment whose capture was refused. */
const STILL_KEPT: readonly ProviderStatus[] = ['REQUIRES_ACTION', 'AUTHORISED', 'VOIDED'];

function toldOf({ status, authorisedAt }: Recorded): readonly ProviderStatus[] {
  if (status === 'FAILED') return isHeld({ status, authorisedAt }) ? STILL_KEPT : NEVER_KEPT;
  // The bank may have approved it, unknown to us, before it was voided.
  if (status === 'VOIDED' && !authorisedAt) return [...NEVER_KEPT, 'AUTHORISED'];
  return TOLD_OF[status];
}

/** Whether the record has no sign that the provider ever opened the payment. */
const isUnopened = ({ status, authorisedAt, actionUrl }: Recorded): boolean =>
  (status === 'CREATED' || status === 'VOIDED') && !authorisedAt && !actionUrl;

/** Checks that evidence is possible for this payment. @throws Fault EVIDENCE_CONTRADICTS */
export function checkEvidence(payment: Recorded, found: ProviderPayment): void {
  const { status, captured, currency } = found;
  const { amountMinor, currency: ours } = payment;
  const told = `${status} with ${captured} ${currency ?? 'of no currency'} captured`;
  if (captured !== (status === 'CAPTURED' ? amountMinor : 0n))
    throw contradiction(`${told}, of a payment of ${amountMinor} ${ours}`);
  if (currency !== ours && !(currency === null && status === 'VOIDED' && isUnopened(payment)))
    throw contradiction(`${told}, of a payment in ${ours}`);
  if (!toldOf(payment).includes(status)) throw contradiction(`${told}, of a payment that is ${payment.status} here`);
  checkAction(payment, found);
  checkRefusal(payment, found);
}

/** Checks that there is an action if and only if one is required, and that a buyer can take it. */
function checkAction({ createdAt }: Recorded, { status, action }: ProviderPayment): void {
  if (!action && status === 'REQUIRES_ACTION') throw contradiction('an action of the buyer, and not of which');
  if (!action) return;
  if (status !== 'REQUIRES_ACTION') throw contradiction(`an action of the buyer, of a payment that is ${status} there`);
  // A shop sends its buyer there: no `javascript:`.
  if (action.url.length > MAX_URL || !/^https?:$/.test(URL.parse(action.url)?.protocol ?? ''))
    throw contradiction('an action of the buyer at an address that is none');
  const days = (action.expiresAt.getTime() - createdAt.getTime()) / DAY_MS;
  // A day before is a matter of clocks. Not a number: a date that is none.
  if (!(days > -1 && days <= MAX_ACTION_DAYS))
    throw contradiction('an action of the buyer that ends at no plausible time');
}

/** Checks that nothing is refused that was done, or that nobody has asked for. */
function checkRefusal(payment: Recorded, { status, refusal }: ProviderPayment): void {
  if (refusal === undefined) return;
  if (status === 'CAPTURED' || status === 'REQUIRES_ACTION')
    throw contradiction(`a refusal of a payment that is ${status} there`);
  if (status === 'AUTHORISED' && !mayHaveAsked(payment))
    throw contradiction('the refusal of a capture that we did not ask for');
}

/** Whether we may have asked for a capture: by a charge, unless its buyer had to act first, or by a call of its own. */
function mayHaveAsked({ status, pending, capturesAtOnce, actionUrl }: Recorded): boolean {
  if (capturesAtOnce && actionUrl === null) return true;
  if (status === 'CREATED' || status === 'REQUIRES_ACTION') return false;
  return status !== 'AUTHORIZED' || pending !== null;
}

/**
 * Checks that evidence of a refund is possible: only a captured payment is refunded.
 * @throws Fault EVIDENCE_CONTRADICTS
 */
export function checkRefundEvidence({ status }: Pick<ProviderPayment, 'status'>, refundId: string): void {
  if (status !== 'CAPTURED') throw contradiction(`the refund ${refundId} of a payment that is ${status} there`);
}

/** The fault for impossible evidence: it is not recorded, and a person has to look. */
export const contradiction = (told: string): Fault =>
  new Fault('EVIDENCE_CONTRADICTS', `The provider tells of ${told}.`);
