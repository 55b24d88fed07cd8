/** Records what the provider said: the payment follows it, and every step is published. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Origin, Work } from '../../platform/store/store.ts';
import { type Fact, type Progress, progress, stillPending } from './domain.ts';
import type { Payment, Tables } from './entities.ts';
import { checkEvidence } from './evidence.ts';
import {
  paymentActionRequired,
  paymentAuthorised,
  paymentCaptured,
  paymentDeclined,
  paymentFailed,
  paymentVoided,
} from './events.ts';
import { paymentOf, savePayment } from './payment-sql.ts';
import type { ProviderPayment } from './provider/provider.ts';

/** What to lock for an order's payment, which may not exist yet. */
export const lockOf = (orderId: string): string => `payment of ${orderId}`;

/** Records the provider's answer, in one transaction, and returns the payment after it. The same answer again changes nothing. */
export const recorder =
  ({ store, clock }: AgentContext<Tables>) =>
  (orderId: string, found: ProviderPayment, origin: Origin): Promise<Payment> =>
    store.write({ locks: [lockOf(orderId)], origin }, async (work) => {
      const payment = await paymentOf(work, { order_id: orderId });
      await followProvider(work, payment, found, clock.now());
      return payment;
    });

/**
 * Has the payment follow the provider, inside a transaction that holds its lock: every evidence comes this way.
 * @throws Fault EVIDENCE_CONTRADICTS
 */
export async function followProvider(
  work: Work<Tables>,
  payment: Payment,
  found: ProviderPayment,
  now: Date,
): Promise<void> {
  checkEvidence(payment, found);
  for (const step of progress(payment.status, found)) await follow(work, payment, step, found, now);
}

async function follow(
  work: Work<Tables>,
  payment: Payment,
  { fact, status }: Progress,
  found: ProviderPayment,
  now: Date,
): Promise<void> {
  payment.status = status;
  payment.pending = stillPending(payment);
  payment.updatedAt = now;
  if (fact === 'ACTION_REQUIRED' && found.action)
    Object.assign(payment, { actionUrl: found.action.url, actionExpiresAt: found.action.expiresAt });
  if (fact === 'AUTHORISED') payment.authorisedAt = now;
  if (fact === 'CAPTURED') payment.capturedMinor = found.captured;
  const failureCode = FAILURES[fact];
  if (failureCode) Object.assign(payment, { failureCode, failure: found.refusal ?? 'The payment failed.' });
  // What is left to be asked may depend on what was just learned.
  payment.pending = stillPending(payment);
  await savePayment(work, payment);
  publish(work, payment, fact);
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

function publish(work: Work<Tables>, payment: Payment, fact: Fact): void {
  if (fact === 'REFUNDED' || fact === 'REFUNDED_IN_PART') return; // Published with the refund, which has more to say.
  const payload = { ...about(payment), reason: FAILURES[fact] ?? '' };
  work.publish(EVENTS[fact], { aggregateId: payment.id, aggregateVersion: payment.version, payload });
}

/** What every event of a payment says. */
export const about = (payment: Payment) => ({
  paymentId: payment.id,
  orderId: payment.orderId,
  customerId: payment.customerId ?? null,
  amount: { minor: payment.amountMinor.toString(), currency: payment.currency },
  status: payment.status,
  updatedAt: payment.updatedAt.toISOString(),
});
