/**
 * Evidence of the provider about a payment, by an answer, a reconciliation or a webhook, must agree with itself and
 * with the record. Pure: no I/O, no clock, no randomness.
 */
import { Fault } from '../../platform/errors.ts';
import { isHeld } from './domain.ts';
import type { PaymentRow, PaymentStatus } from './entities.ts';
import type { ProviderPayment, ProviderStatus } from './provider/provider.ts';

/** The part of a payment's record that evidence can contradict. */
export type Recorded = Pick<PaymentRow, 'status' | 'amountMinor' | 'currency' | 'authorisedAt' | 'actionUrl'>;

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
export function checkEvidence(
  payment: Recorded,
  found: Pick<ProviderPayment, 'status' | 'captured' | 'currency'>,
): void {
  const { status, captured, currency } = found;
  const { amountMinor, currency: ours } = payment;
  const told = `${status} with ${captured} ${currency ?? 'of no currency'} captured`;
  if (captured !== (status === 'CAPTURED' ? amountMinor : 0n))
    throw contradiction(`${told}, of a payment of ${amountMinor} ${ours}`);
  if (currency !== ours && !(currency === null && status === 'VOIDED' && isUnopened(payment)))
    throw contradiction(`${told}, of a payment in ${ours}`);
  if (!toldOf(payment).includes(status)) throw contradiction(`${told}, of a payment that is ${payment.status} here`);
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
