/**
 * What the provider tells of a payment, by an answer, a reconciliation or a webhook, must agree with itself and with what
 * is recorded. Pure: no I/O, no clock, no randomness.
 */
import { Fault } from '../../platform/errors.ts';
import { isHeld } from './domain.ts';
import type { PaymentRow, PaymentStatus } from './entities.ts';
import type { ProviderPayment, ProviderStatus } from './provider/provider.ts';

/** What is recorded of a payment, as far as evidence can contradict it. */
export type Recorded = Pick<PaymentRow, 'status' | 'amountMinor' | 'currency' | 'authorisedAt' | 'actionUrl'>;

/**
 * What the provider may still tell of a payment in each status: what is ahead on its way, and what lies behind, since
 * messages come late. What is neither cannot be true beside the record: money that was let go is not taken, and what was
 * taken was not declined.
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

/** Of what the amount was never kept: that it was declined, expired or let go all comes to the same. */
const NEVER_KEPT: readonly ProviderStatus[] = ['REQUIRES_ACTION', 'DECLINED', 'EXPIRED', 'VOIDED'];
/** Of a payment whose capture was refused. */
const STILL_KEPT: readonly ProviderStatus[] = ['REQUIRES_ACTION', 'AUTHORISED', 'VOIDED'];

function toldOf({ status, authorisedAt }: Recorded): readonly ProviderStatus[] {
  if (status === 'FAILED') return isHeld({ status, authorisedAt }) ? STILL_KEPT : NEVER_KEPT;
  // It may have been approved at the bank without our hearing of it before it was let go.
  if (status === 'VOIDED' && !authorisedAt) return [...NEVER_KEPT, 'AUTHORISED'];
  return TOLD_OF[status];
}

/** Whether nothing here says that the provider ever opened it. */
const isUnopened = ({ status, authorisedAt, actionUrl }: Recorded): boolean =>
  (status === 'CREATED' || status === 'VOIDED') && !authorisedAt && !actionUrl;

/** Sees to it that what the provider tells can be true of this payment. @throws Fault EVIDENCE_CONTRADICTS */
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

/** Sees to it that a refund which the provider tells of can be true: only what was taken is given back. @throws Fault EVIDENCE_CONTRADICTS */
export function checkRefundEvidence({ status }: Pick<ProviderPayment, 'status'>, refundId: string): void {
  if (status !== 'CAPTURED') throw contradiction(`the refund ${refundId} of a payment that is ${status} there`);
}

/** What the provider tells cannot be: it is not recorded, and a person has to look. */
export const contradiction = (told: string): Fault =>
  new Fault('EVIDENCE_CONTRADICTS', `The provider tells of ${told}.`);
