/** Records answers of the provider: the payment follows them, and every step is published. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Origin, Work } from '../../platform/store/store.ts';
import { type Fact, progress, stillPending } from './domain.ts';
import { type PaymentRow, PaymentSchema, type Tables } from './entities.ts';
import { checkEvidence } from './evidence.ts';
import {
  paymentActionRequired,
  paymentAuthorised,
  paymentCaptured,
  paymentDeclined,
  paymentFailed,
  paymentVoided,
} from './events.ts';
import { paymentOf } from './find-payment.ts';
import type { ProviderPayment } from './provider/provider.ts';

/** The lock of an order's payment, which may not exist yet. */
export const lockOf = (orderId: string): string => `payment of ${orderId}`;

/** Records the provider's answer in one transaction, and returns the payment after it. A replay changes nothing. */
export const recorder =
  ({ store, clock }: AgentContext<Tables>) =>
  (orderId: string, found: ProviderPayment, origin: Origin): Promise<PaymentRow> =>
    store.write({ locks: [lockOf(orderId)], origin }, async (work) => {
      return followProvider(work, await paymentOf(work.sql, { orderId }), found, clock.now());
    });

/**
 * Makes the payment follow evidence of the provider, inside a transaction that holds its lock, and returns it after
 * that. All evidence comes this way.
 * @throws Fault EVIDENCE_CONTRADICTS
 */
export async function followProvider(
  work: Work<Tables>,
  payment: PaymentRow,
  found: ProviderPayment,
  now: Date,
): Promise<PaymentRow> {
  checkEvidence(payment, found);
  const steps = progress(payment.status, found);
  if (steps.length === 0) return payment;
  let followed = payment;
  let changes = {};
  for (const { fact, status } of steps) {
    const learned = { status, ...learnedOf(fact, found, now), updatedAt: now };
    // The pending request may depend on the facts just recorded.
    const step = { ...learned, pending: stillPending({ ...followed, ...learned }) };
    followed = { ...followed, ...step, version: followed.version + 1 };
    changes = { ...changes, ...step };
    publish(work, followed, fact);
  }
  return work.save(PaymentSchema, payment, changes, steps.length);
}

/** The columns that a fact changes beside the status. */
function learnedOf(fact: Fact, found: ProviderPayment, now: Date) {
  if (fact === 'ACTION_REQUIRED' && found.action)
    return { actionUrl: found.action.url, actionExpiresAt: found.action.expiresAt };
  if (fact === 'AUTHORISED') return { authorisedAt: now };
  if (fact === 'CAPTURED') return { capturedMinor: found.captured };
  const failureCode = FAILURES[fact];
  return failureCode ? { failureCode, failure: found.refusal ?? 'The payment failed.' } : {};
}

const FAILURES: Partial<Record<Fact, string>> = {
  DECLINED: 'PAYMENT_DECLINED',
  EXPIRED: 'PAYMENT_ACTION_EXPIRED',
  CAPTURE_REFUSED: 'PAYMENT_FAILED',
};

const EVENTS = {
  ACTION_REQUIRED: paymentActionRequired,
  AUTHORISED: paymentAuthorised,
  DECLINED: paymentDeclined,
  EXPIRED: paymentDeclined,
  CAPTURED: paymentCaptured,
  CAPTURE_REFUSED: paymentFailed,
  VOIDED: paymentVoided,
} as const;

function publish(work: Work<Tables>, payment: PaymentRow, fact: Fact): void {
  if (fact === 'REFUNDED' || fact === 'REFUNDED_IN_PART') return; // Published with the refund, whose event holds more.
  const payload = { ...about(payment), reason: FAILURES[fact] ?? '' };
  work.publish(EVENTS[fact], { aggregateId: payment.id, aggregateVersion: payment.version, payload });
}

/** The fields that all events of a payment have. */
export const about = (payment: PaymentRow) => ({
  paymentId: payment.id,
  orderId: payment.orderId,
  customerId: payment.customerId,
  amount: { minor: payment.amountMinor.toString(), currency: payment.currency },
  status: payment.status,
  updatedAt: payment.updatedAt.toISOString(),
});
