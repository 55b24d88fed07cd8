/** Refunds. A refund is a row before the provider is asked, and counts from then on: the sum never exceeds what was captured. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Origin, Work } from '../../platform/store/store.ts';
import { refuse, Unavailable } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { newId } from '../../platform/ids.ts';
import { checkText } from '../../platform/text/text.ts';
import { after, isCaptured, readAmount, refundable, stillPending } from './domain.ts';
import { Payment, Refund, type RefundStatus, type Tables } from './entities.ts';
import { paymentRefunded } from './events.ts';
import { checkRefundEvidence } from './evidence.ts';
import { paymentOf } from './payment-sql.ts';
import type { GuardedProvider } from './provider/guard.ts';
import { RefundRefused } from './provider/provider.ts';
import { about, followProvider, lockOf } from './record.ts';
import type { RefundPaymentInput } from './resolvers.generated.ts';

/** A refund that its caller left for this long is finished by the scheduled job. */
const ABANDONED_MS = 60_000;
const BATCH = 50;

export const refundService = ({ store, clock }: AgentContext<Tables>, provider: GuardedProvider) => {
  const add = (work: Work<Tables>, payment: Payment, amountMinor: bigint, reason: string): Refund => {
    const refund = work.em.create(Refund, {
      id: newId('refund'),
      paymentId: payment.id,
      amountMinor,
      reason,
      status: 'PENDING',
      createdAt: clock.now(),
    });
    work.em.persist(refund);
    return refund;
  };

  /** Asks the provider, who knows the refund by its id, and records the outcome. A refund that has one is left alone. */
  const finish = async (id: string, origin: Origin): Promise<RefundStatus> => {
    const refund = await store.read
      .selectFrom('refund')
      .innerJoin('payment', 'payment.id', 'refund.payment_id')
      .select(['refund.status', 'refund.amount_minor', 'payment_id', 'order_id'])
      .where('refund.id', '=', id)
      .executeTakeFirstOrThrow();
    if (refund.status !== 'PENDING') return refund.status;
    const answer = await provider
      .refund(refund.payment_id, { reference: id, minor: refund.amount_minor })
      .catch((error: unknown) => {
        if (error instanceof RefundRefused) return undefined;
        throw error;
      });
    return store.write({ locks: [lockOf(refund.order_id)], origin }, async (work) => {
      if (answer) {
        checkRefundEvidence(answer, id);
        await followProvider(work, await paymentOf(work, { id: refund.payment_id }), answer, clock.now());
      }
      return concludeRefund(work, id, answer !== undefined, clock.now());
    });
  };

  return {
    /** @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT, REFUND_EXCEEDS_CAPTURED, REFUND_REFUSED */
    async refund({ idempotencyKey, ...input }: RefundPaymentInput, context: RequestContext): Promise<string> {
      const { paymentId, reason } = input;
      checkText(reason, ['input', 'reason'], { max: 500 });
      const asked = input.amount ? readAmount(input.amount) : undefined;
      const found = await store.read
        .selectFrom('payment')
        .select('order_id')
        .where('id', '=', paymentId)
        .executeTakeFirst();
      if (!found) throw refuse('NOT_FOUND', 'There is no such payment.', ['input', 'paymentId']);
      const once = { actor: context.actor.id, operation: 'refundPayment', key: idempotencyKey, request: input };
      const { refundId } = await store.idempotent(
        { ...once, locks: [lockOf(found.order_id)], origin: context },
        async (work) => {
          const payment = await work.em.findOneOrFail(Payment, { id: paymentId });
          const earlier = await standing(work, paymentId);
          const minor = refundable(
            payment,
            earlier.map((refund) => refund.amountMinor),
            asked,
          );
          return { refundId: add(work, payment, minor, reason).id };
        },
      );
      if ((await finish(refundId, context)) === 'REFUSED')
        throw refuse('REFUND_REFUSED', 'The payment provider refused the refund.', ['input', 'paymentId']);
      return paymentId;
    },

    /** Gives back all that is left, for a cancellation. @throws Unavailable if the provider refuses: a person must look */
    async refundAll({ id, orderId }: Payment, reason: string, context: RequestContext): Promise<Payment> {
      const open = await store.write({ locks: [lockOf(orderId)], origin: context }, async (work) => {
        const payment = await work.em.findOneOrFail(Payment, { id });
        const earlier = await standing(work, id);
        const left = payment.capturedMinor - earlier.reduce((sum, refund) => sum + refund.amountMinor, 0n);
        const all = isCaptured(payment) && left > 0n ? [...earlier, add(work, payment, left, reason)] : earlier;
        return all.filter((refund) => refund.status === 'PENDING').map((refund) => refund.id);
      });
      for (const refundId of open) {
        if ((await finish(refundId, context)) === 'REFUSED')
          throw new Unavailable(`The payment provider refused the refund ${refundId}.`);
      }
      return store.write({ locks: [], origin: context }, ({ em }) => em.findOneOrFail(Payment, { id }));
    },

    /** Finishes refunds whose caller died between intent and outcome. */
    async finishAbandoned(signal: AbortSignal): Promise<void> {
      const before = new Date(clock.now().getTime() - ABANDONED_MS);
      const open = await store.read
        .selectFrom('refund')
        .select('id')
        .where('status', '=', 'PENDING')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(BATCH)
        .execute();
      // One that cannot be finished does not keep those behind it from it.
      const failed: unknown[] = [];
      for (const { id } of open)
        if (!signal.aborted) await finish(id, {}).catch((error: unknown) => failed.push(error));
      if (failed.length) throw failed[0];
    },
  };
};

/** Refunds that count: made, or about to be. */
const standing = ({ em }: Work<Tables>, paymentId: string): Promise<Refund[]> =>
  em.find(Refund, { paymentId, status: { $in: ['PENDING', 'DONE'] } }, { orderBy: { createdAt: 'asc', id: 'asc' } });

/** Records what became of a refund, inside a transaction that holds its payment's lock. What is recorded stays. */
export async function concludeRefund(
  work: Work<Tables>,
  id: string,
  isDone: boolean,
  now: Date,
): Promise<RefundStatus> {
  const refund = await work.em.findOneOrFail(Refund, { id });
  if (refund.status !== 'PENDING') return refund.status; // Somebody else was faster: the provider did it once.
  refund.status = isDone ? 'DONE' : 'REFUSED';
  if (!isDone) return refund.status;
  const payment = await work.em.findOneOrFail(Payment, { id: refund.paymentId });
  payment.refundedMinor += refund.amountMinor;
  payment.status = after(
    payment.status,
    payment.refundedMinor === payment.capturedMinor ? 'REFUNDED' : 'REFUNDED_IN_PART',
  )!;
  payment.pending = stillPending(payment);
  payment.updatedAt = now;
  await work.em.flush();
  const refunded = { minor: refund.amountMinor.toString(), currency: payment.currency };
  const payload = { ...about(payment), refundId: id, refunded };
  work.publish(paymentRefunded, { aggregateId: payment.id, aggregateVersion: payment.version, payload });
  return refund.status;
}

export type RefundService = ReturnType<typeof refundService>;
