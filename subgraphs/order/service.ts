/** The use cases of an order after it was placed: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { idempotencyOf } from '../../platform/data/idempotency.ts';
import { Fault } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { writableOrders } from './access.ts';
import { paymentsOfOrders } from './commands/payment.generated.ts';
import {
  advance,
  advanceThrough,
  checkCancellable,
  paymentAfter,
  paymentAtEnd,
  reasonOf,
  tellStory,
} from './domain.ts';
import { reportsOf } from './earlier-sagas.ts';
import {
  type CancellationReason,
  type OrderRow,
  OrderSchema,
  type OrderStatus,
  type PaymentStatus,
  type Tables,
  type TimelineEntryType,
} from './entities.ts';
import { orderPaymentStatusChanged, orderStatusChanged } from './events.ts';
import type { CancelOrderInput, CompleteCancellationInput, OrderProgressInput } from './resolvers.generated.ts';
import { type OrderChanges, saveOrder } from './save-order.ts';
import { isTold, type TimelineEntry } from './timeline.ts';

/** A refund that was made, with the payment status since. */
export interface RefundMade {
  refundId: string;
  refunded: { minor: string; currency: string; number?: string };
  status: PaymentStatus;
  at: Date;
}

export const orderService = ({ store, clock, ask }: AgentContext<Tables>) => {
  /** The order of a saga's step. @throws Fault if there is none: a saga never asks for an unknown order */
  const find = async (work: Work<Tables>, id: string): Promise<OrderRow> => {
    const order = await work.findIfAny(OrderSchema, id);
    if (!order) throw new Fault('NOT_FOUND', `there is no order ${id}`);
    return order;
  };

  /**
   * Saves changes of status, one after another, with their timeline, and publishes each. Two statuses are two versions
   * with an event each, in one statement.
   */
  const moveThrough = async (
    work: Work<Tables>,
    order: OrderRow,
    path: readonly (OrderStatus & TimelineEntryType)[],
    changes: Pick<OrderChanges, 'paymentStatus' | 'cancellationReason'>,
    entries: readonly TimelineEntry[],
  ): Promise<void> => {
    const now = clock.now();
    const told = [...entries, ...path.map((type) => ({ type, at: now }))];
    const moved = await saveOrder(work, order, { ...changes, status: path.at(-1), updatedAt: now }, told, path.length);
    for (const [index, newStatus] of path.entries())
      work.publish(orderStatusChanged, {
        aggregateId: moved.id,
        aggregateVersion: order.version + index + 1,
        payload: {
          ...subject(moved),
          oldStatus: path[index - 1] ?? order.status,
          newStatus,
          updatedAt: now.toISOString(),
          reason: moved.cancellationReason,
        },
      });
  };

  return {
    /** One step forward on behalf of a saga. Its replay changes nothing. */
    confirmOrder: (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await find(work, input.orderId);
        if (!advance(order, 'CONFIRMED')) return order.status;
        const paymentStatus = paymentAfter(order.paymentStatus, input.paymentStatus);
        await moveThrough(work, order, ['CONFIRMED'], { paymentStatus }, tellStory(reportsOf(input.story)));
        return 'CONFIRMED';
      }),

    /** After the pivot nothing is refused: an order that is being cancelled stays so, and its saga gives the money back. */
    startProcessing: async (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await find(work, input.orderId);
        const stopped = order.status === 'CANCELLED' || order.cancellationRequestedAt;
        if (stopped || !advance(order, 'PROCESSING')) return order.status;
        const paymentStatus = paymentAfter(order.paymentStatus, input.paymentStatus);
        await moveThrough(work, order, ['PROCESSING'], { paymentStatus }, tellStory(reportsOf(input.story)));
        return 'PROCESSING';
      }),

    /** Both steps at once, for an order that is paid: two versions with an event each, in one transaction. */
    confirmPaidOrder: (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await find(work, input.orderId);
        // The money is taken, so nothing is refused any more: the saga of the cancellation gives it back.
        if (order.status === 'CANCELLED' || order.cancellationRequestedAt) return order.status;
        const paymentStatus = paymentAfter(order.paymentStatus, input.paymentStatus);
        const path = advanceThrough(order, ['CONFIRMED', 'PROCESSING']);
        if (path.length > 0) await moveThrough(work, order, path, { paymentStatus }, tellStory(reportsOf(input.story)));
        return path.at(-1) ?? order.status;
      }),

    awaitPaymentAction: (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await find(work, input.orderId);
        if (
          order.status !== 'PENDING' ||
          paymentAfter(order.paymentStatus, input.paymentStatus) === order.paymentStatus
        )
          return order.status;
        await movePayment(work, order, input.paymentStatus, [
          ...tellStory(reportsOf(input.story, input.paymentStatus)),
          { type: 'PAYMENT_ACTION_REQUIRED', at: clock.now() },
        ]);
        return order.status;
      }),

    async completeCancellation(input: CompleteCancellationInput, context: RequestContext): Promise<OrderStatus> {
      // The saga may not know: an earlier release stored less of it, or a step was skipped. The payment agent knows.
      const told = input.paymentStatus ?? (await paymentOf(input.orderId, context));
      return store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await find(work, input.orderId);
        const paymentStatus = paymentAtEnd(order.paymentStatus, told);
        if (order.status === 'CANCELLED') {
          // Two sagas may undo one order: the second may know a later payment status.
          if (paymentStatus !== order.paymentStatus) await movePayment(work, order, paymentStatus, []);
          return order.status;
        }
        const cancellationReason = reasonOf(order, input.reason as CancellationReason);
        const story = tellStory(reportsOf(input.story), order.cancellationRequestedAt);
        await moveThrough(work, order, ['CANCELLED'], { paymentStatus, cancellationReason }, story);
        return 'CANCELLED';
      });
    },

    /**
     * The end of a payment, by its own event. While the saga of an order is under way its last step reports the payment
     * status, or has us ask for it, so this is for events after that.
     */
    paymentEnded: async (work: Work<Tables>, orderId: string, status: 'VOIDED' | 'FAILED'): Promise<void> => {
      const order = await work.findIfAny(OrderSchema, orderId);
      if (order?.status !== 'CANCELLED') return;
      const told = paymentAfter(order.paymentStatus, status);
      if (told !== order.paymentStatus) await movePayment(work, order, told, []);
    },

    /** A refund, by its own event, whoever requested it: news also if the order is known to be refunded. */
    paymentRefunded: async (work: Work<Tables>, orderId: string, refund: RefundMade): Promise<void> => {
      const order = await work.findIfAny(OrderSchema, orderId);
      if (!order) return;
      const { refundId: reference, refunded, status, at } = refund;
      if (await isTold(work, orderId, reference)) return;
      const entry = { type: 'PAYMENT_REFUNDED', at, reference, amountMinor: BigInt(refunded.minor) } as const;
      await movePayment(work, order, paymentAfter(order.paymentStatus, status), [entry], refunded);
    },

    /** Accepts a request to cancel, starts the saga that undoes the order, and returns the order's id. */
    async requestCancellation(input: CancelOrderInput, context: RequestContext): Promise<string> {
      const { orderId, reason, expectedVersion } = input;
      const { actor } = context;
      const key = idempotencyOf('cancelOrder', input, context);
      const outcome = await store.idempotent({ ...key, locks: [orderId] }, async (work) => {
        const order = await work.find(OrderSchema, orderId, {
          rows: writableOrders(actor),
          path: ['input', 'orderId'],
        });
        checkVersion(order.version, expectedVersion);
        checkCancellable(order);
        const now = clock.now();
        const cancellationReason = requestedBy(actor, order);
        const changes = { cancellationReason, cancellationRequestedAt: now, updatedAt: now };
        await saveOrder(work, order, changes, [{ type: 'CANCELLATION_REQUESTED', at: now }]);
        await work.sql
          .updateTable('order_contact')
          .set({ cancellationNote: reason ?? null })
          .where('orderId', '=', orderId)
          .execute();
        await work.startSaga('cancelOrder', orderId, { orderId, reason: cancellationReason });
        return { orderId };
      });
      return outcome.orderId;
    },
  };

  /** The payment status of an order from the payment agent; undefined if no payment was begun. */
  async function paymentOf(orderId: string, context: RequestContext): Promise<PaymentStatus | undefined> {
    const answer = await ask(paymentsOfOrders, { orderIds: [orderId] }, { within: context });
    return answer.paymentsOfOrders[0]?.status;
  }

  async function movePayment(
    work: Work<Tables>,
    order: OrderRow,
    to: PaymentStatus,
    entries: readonly TimelineEntry[],
    refunded: RefundMade['refunded'] | null = null,
  ) {
    const now = clock.now();
    const { id, version, status } = await saveOrder(work, order, { paymentStatus: to, updatedAt: now }, entries);
    work.publish(orderPaymentStatusChanged, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { ...subject(order), status, paymentStatus: to, updatedAt: now.toISOString(), refunded },
    });
  }
};

const subject = (order: OrderRow) => ({ orderId: order.id, number: order.number, customerId: order.customerId });

const requestedBy = (actor: Actor, order: OrderRow): CancellationReason =>
  actor.orderId === order.id || (order.customerId && actor.customerId === order.customerId)
    ? 'CUSTOMER_REQUEST'
    : 'MERCHANT_REQUEST';

export type OrderService = ReturnType<typeof orderService>;
