/**
 * Refunds. A refund is stored before the provider is asked, and counts from then on: the sum never exceeds the capture.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { dueTiers } from '../../platform/approvals/policy.ts';
import { openInputs, requestApproval } from '../../platform/approvals/request.ts';
import { workThrough } from '../../platform/data/work-through.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { idempotencyOf } from '../../platform/data/idempotency.ts';
import type { CommandWork, Origin, Work } from '../../platform/store/store.ts';
import { refuse, Unavailable } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { newId } from '../../platform/ids.ts';
import { money, type Money } from '../../platform/money.ts';
import { parseRefundPolicy } from './approval/policy.ts';
import { type RefundCommand, refundCommand } from './approval/refund-command.ts';
import type { PaymentVariables } from './config.ts';
import { after, isCaptured, readAmount, refundable, stillPending } from './domain.ts';
import {
  type PaymentRow,
  PaymentSchema,
  type RefundRow,
  RefundSchema,
  type RefundStatus,
  type Tables,
} from './entities.ts';
import { approvals, paymentRefunded } from './events.ts';
import { checkRefundEvidence } from './evidence.ts';
import { paymentOf } from './find-payment.ts';
import { REFUND_NUMBERS, refundNumberOwner } from './numbering.ts';
import type { GuardedProvider } from './provider/guard.ts';
import { RefundRefused } from './provider/provider.ts';
import { about, followProvider, lockOf } from './record.ts';
import type { RefundPaymentInput } from './resolvers.generated.ts';

/** A refund that its caller left for this long is finished by the scheduled job. */
const ABANDONED_MS = 60_000;
const BATCH = 50;

export const refundService = (agentContext: AgentContext<Tables, PaymentVariables>, provider: GuardedProvider) => {
  const { store, clock, config } = agentContext;
  const recordRefund = refundRecorder(agentContext);
  const policy = config.PAYMENT_REFUND_APPROVAL ? parseRefundPolicy(config.PAYMENT_REFUND_APPROVAL) : [];

  /** Writes the intent, and returns its id. */
  const add = async (work: Work<Tables>, paymentId: string, amountMinor: bigint, reason: string): Promise<string> => {
    const id = newId('refund');
    await work.insert(RefundSchema, { id, paymentId, amountMinor, reason, status: 'PENDING', createdAt: clock.now() });
    return id;
  };

  /**
   * Asks the provider, which knows the refund by its id, and records the outcome. A refund with an outcome stays as it
   * is.
   */
  const finish = async (id: string, origin: Origin): Promise<RefundStatus> => {
    const refund = await store.read
      .selectFrom('refund')
      .innerJoin('payment', 'payment.id', 'refund.paymentId')
      .select(['refund.status', 'refund.amountMinor', 'paymentId', 'orderId'])
      .where('refund.id', '=', id)
      .executeTakeFirstOrThrow();
    if (refund.status !== 'PENDING') return refund.status;
    const answer = await provider
      .refund(refund.paymentId, { reference: id, minor: refund.amountMinor })
      .catch((error: unknown) => {
        if (error instanceof RefundRefused) return undefined;
        throw error;
      });
    return store.write({ locks: [lockOf(refund.orderId)], origin }, async (work) => {
      const intent = await work.find(RefundSchema, id, { path: ['input', 'paymentId'] });
      if (!answer) return recordRefusal(work, intent);
      checkRefundEvidence(answer, id);
      const before = await paymentOf(work.sql, { id: refund.paymentId });
      const payment = await followProvider(work, before, answer, clock.now());
      return recordRefund(work, payment, intent);
    });
  };

  /** The refund of a payment that is possible now. @throws Refusal INVALID_STATE, INVALID_INPUT, REFUND_EXCEEDS_CAPTURED */
  const possible = async (work: Work<Tables>, paymentId: string, asked: Money | undefined) => {
    const payment = await work.find(PaymentSchema, paymentId, { path: ['input', 'paymentId'] });
    const earlier = (await standing(work, paymentId)).map((refund) => refund.amountMinor);
    return { payment, earlier, amountMinor: refundable(payment, earlier, asked) };
  };

  const command = refundCommand({
    finish,
    async intend(work, { paymentId, amountMinor, reason }) {
      const { currency } = await paymentOf(work.sql, { id: paymentId });
      await possible(work, paymentId, money(amountMinor, currency));
      return add(work, paymentId, amountMinor, reason);
    },
  });

  /** Requests approval of a refund that needs it. Returns the id of the approval; undefined if none is needed. */
  const requestIfNeeded = async (
    work: Work<Tables>,
    { payment, earlier, amountMinor }: Awaited<ReturnType<typeof possible>>,
    reason: string,
    { actor }: RequestContext,
  ): Promise<string | undefined> => {
    if (policy.length === 0) return undefined;
    const { id: paymentId, orderId, currency, capturedMinor } = payment;
    const waiting = await openInputs(work, command, paymentId, clock.now());
    const others = [...earlier, ...waiting.map((each) => BigInt(each.amountMinor))];
    const tiers = dueTiers(policy, {
      amountMinor,
      currency,
      totalMinor: others.reduce((sum, each) => sum + each, amountMinor),
      capturedMinor,
      roles: [...actor.roles],
    });
    if (tiers.length === 0) return undefined;
    const input: RefundCommand = { paymentId, orderId, amountMinor: amountMinor.toString(), currency, reason };
    return requestApproval(work, approvals, {
      command,
      input,
      subjectId: paymentId,
      tiers,
      requestedBy: actor.id,
      requestedAt: clock.now(),
      expiresAfterHours: config.PAYMENT_APPROVAL_HOURS,
    });
  };

  return {
    /** The refund as it is executed once it is approved. */
    command,

    /**
     * Refunds, or requests the approval that the refund needs.
     * @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT, REFUND_EXCEEDS_CAPTURED, REFUND_REFUSED
     */
    async refund(input: RefundPaymentInput, context: RequestContext): Promise<{ id: string; approvalId?: string }> {
      const { paymentId, reason } = input;
      const asked = input.amount ? readAmount(input.amount) : undefined;
      const found = await store.read
        .selectFrom('payment')
        .select('orderId')
        .where('id', '=', paymentId)
        .executeTakeFirst();
      if (!found) throw refuse('NOT_FOUND', 'There is no such payment.', ['input', 'paymentId']);
      const { refundId, approvalId } = await store.idempotent<{ refundId?: string; approvalId?: string }>(
        { ...idempotencyOf('refundPayment', input, context), locks: [lockOf(found.orderId)] },
        async (work) => {
          const refund = await possible(work, paymentId, asked);
          const needed = await requestIfNeeded(work, refund, reason, context);
          if (needed !== undefined) return { approvalId: needed };
          return { refundId: await add(work, paymentId, refund.amountMinor, reason) };
        },
      );
      if (refundId !== undefined && (await finish(refundId, context)) === 'REFUSED')
        throw refuse('REFUND_REFUSED', 'The payment provider refused the refund.', ['input', 'paymentId']);
      return { id: paymentId, approvalId };
    },

    /** Gives back all that is left, for a cancellation. @throws Unavailable if the provider refuses: a person must look */
    async refundAll({ id, orderId }: PaymentRow, reason: string, context: RequestContext): Promise<PaymentRow> {
      const open = await store.write({ locks: [lockOf(orderId)], origin: context }, async (work) => {
        const payment = await paymentOf(work.sql, { id });
        const earlier = await standing(work, id);
        const left = payment.capturedMinor - earlier.reduce((sum, refund) => sum + refund.amountMinor, 0n);
        const pending = earlier.filter(({ status }) => status === 'PENDING').map((refund) => refund.id);
        return isCaptured(payment) && left > 0n ? [...pending, await add(work, id, left, reason)] : pending;
      });
      for (const refundId of open) {
        if ((await finish(refundId, context)) === 'REFUSED')
          throw new Unavailable(`The payment provider refused the refund ${refundId}.`);
      }
      return paymentOf(store.read, { id });
    },

    /** Finishes refunds whose caller died between intent and outcome. */
    async finishAbandoned(signal: AbortSignal): Promise<void> {
      const before = new Date(clock.now().getTime() - ABANDONED_MS);
      const pageAfter = (last = '') =>
        store.read
          .selectFrom('refund')
          .select('id')
          .where('status', '=', 'PENDING')
          .where('createdAt', '<', before)
          .where('id', '>', last)
          .orderBy('id')
          .limit(BATCH)
          .execute()
          .then((rows) => rows.map(({ id }) => id));
      await workThrough(pageAfter, (id) => finish(id, {}), signal);
    },
  };
};

/** Refunds that count: pending or done. */
const standing = ({ sql }: Work<Tables>, paymentId: string): Promise<RefundRow[]> =>
  sql
    .selectFrom('refund')
    .select(columnsOf(RefundSchema))
    .where('paymentId', '=', paymentId)
    .where('status', 'in', ['PENDING', 'DONE'])
    .orderBy('createdAt')
    .orderBy('id')
    .execute();

/** Records that the provider refused a refund. A recorded outcome stays: another process may have been faster. */
async function recordRefusal(work: Work<Tables>, refund: RefundRow): Promise<RefundStatus> {
  if (refund.status !== 'PENDING') return refund.status;
  return (await work.save(RefundSchema, refund, { status: 'REFUSED' })).status;
}

/**
 * Records that a refund was made, inside a transaction that holds its payment's lock, and draws its number. A recorded
 * outcome stays.
 */
export const refundRecorder = (agentContext: Pick<AgentContext<Tables, PaymentVariables>, 'clock' | 'config'>) => {
  const numberOwner = refundNumberOwner(agentContext);
  return async (work: CommandWork<Tables>, payment: PaymentRow, refund: RefundRow): Promise<RefundStatus> => {
    if (refund.status !== 'PENDING') return refund.status; // Another process was faster; the provider refunded once.
    const refundedMinor = payment.refundedMinor + refund.amountMinor;
    const fact = refundedMinor === payment.capturedMinor ? 'REFUNDED' : 'REFUNDED_IN_PART';
    const next = after(payment.status, fact)!;
    const pending = stillPending({ ...payment, status: next });
    const updatedAt = agentContext.clock.now();
    const saved = await work.save(PaymentSchema, payment, { refundedMinor, status: next, pending, updatedAt });
    work.drawNumber(REFUND_NUMBERS, numberOwner(), async ({ number, issuedAt }) => {
      await work.save(RefundSchema, refund, { status: 'DONE', number, issuedAt });
      const refunded = { minor: refund.amountMinor.toString(), currency: payment.currency };
      const payload = { ...about(saved), refundId: refund.id, refundNumber: number, refunded };
      work.publish(paymentRefunded, { aggregateId: saved.id, aggregateVersion: saved.version, payload });
    });
    return 'DONE';
  };
};

export type RefundService = ReturnType<typeof refundService>;
