/** The use cases of an order after it was placed: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { matches } from '../../platform/data/row-filter.ts';
import { Fault, refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { checkText } from '../../platform/text/text.ts';
import { writableOrders } from './access.ts';
import { paymentsOfOrders } from './commands/payment.generated.ts';
import {
  advance,
  checkCancellable,
  paymentAfter,
  paymentAtEnd,
  reasonOf,
  type StepReport,
  tellStory,
} from './domain.ts';
import type { CancellationReason, OrderStatus, PaymentStatus, Tables } from './entities.ts';
import { orderPaymentStatusChanged, orderStatusChanged } from './events.ts';
import { findOrder, type Order, saveOrder } from './order-sql.ts';
import type {
  CancelOrderInput,
  CompleteCancellationInput,
  OrderProgressInput,
  TimelineEntryType,
} from './resolvers.generated.ts';
import { isTold, type TimelineEntry } from './timeline.ts';

const MAX_NOTE = 500;

/** A refund that was made, and where the payment is since. */
export interface RefundMade {
  refundId: string;
  refunded: { minor: string; currency: string };
  status: PaymentStatus;
  at: Date;
}

export const orderService = ({ store, clock, ask }: AgentContext<Tables>) => {
  const load = async (work: Work<Tables>, id: string): Promise<Order> => {
    const order = await findOrder(work, id);
    if (!order) throw new Fault('NOT_FOUND', `there is no order ${id}`);
    return order;
  };

  /** Saves a change of status with its timeline, and publishes it. */
  const moveTo = async (work: Work<Tables>, order: Order, to: OrderStatus, entries: readonly TimelineEntry[]) => {
    const now = clock.now();
    const oldStatus = order.status;
    order.status = to;
    await saveOrder(work, order, now, [...entries, { type: to as TimelineEntryType, at: now }]);
    work.publish(orderStatusChanged, {
      aggregateId: order.id,
      aggregateVersion: order.version,
      payload: {
        ...subject(order),
        oldStatus,
        newStatus: to,
        updatedAt: now.toISOString(),
        reason: order.cancellationReason,
      },
    });
  };

  /** One step forward in a saga's name. A step that comes twice changes nothing the second time. */
  const progress = (input: OrderProgressInput, to: OrderStatus, context: RequestContext): Promise<OrderStatus> =>
    store.write({ locks: [input.orderId], origin: context }, async (work) => {
      const order = await load(work, input.orderId);
      if (!advance(order, to)) return order.status;
      order.paymentStatus = paymentAfter(order.paymentStatus, input.paymentStatus);
      await moveTo(work, order, to, tellStory(input.story as StepReport[]));
      return to;
    });

  return {
    confirmOrder: (input: OrderProgressInput, context: RequestContext) => progress(input, 'CONFIRMED', context),

    /** After the pivot nothing is refused: an order that is being cancelled stays so, and its saga gives the money back. */
    startProcessing: async (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await load(work, input.orderId);
        const stopped = order.status === 'CANCELLED' || order.cancellationRequestedAt;
        if (stopped || !advance(order, 'PROCESSING')) return order.status;
        order.paymentStatus = paymentAfter(order.paymentStatus, input.paymentStatus);
        await moveTo(work, order, 'PROCESSING', tellStory(input.story as StepReport[]));
        return order.status;
      }),

    awaitPaymentAction: (input: OrderProgressInput, context: RequestContext): Promise<OrderStatus> =>
      store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await load(work, input.orderId);
        if (
          order.status !== 'PENDING' ||
          paymentAfter(order.paymentStatus, input.paymentStatus) === order.paymentStatus
        )
          return order.status;
        await movePayment(work, order, input.paymentStatus, [
          ...tellStory((input.story as StepReport[]).filter((report) => report.step !== 'authorise')),
          { type: 'PAYMENT_ACTION_REQUIRED', at: clock.now() },
        ]);
        return order.status;
      }),

    async completeCancellation(input: CompleteCancellationInput, context: RequestContext): Promise<OrderStatus> {
      // What a saga remembers may be of a release that kept less, or a step of it was left out: the payment knows.
      const told = input.paymentStatus ?? (await paymentOf(input.orderId, context));
      return store.write({ locks: [input.orderId], origin: context }, async (work) => {
        const order = await load(work, input.orderId);
        const paymentStatus = paymentAtEnd(order.paymentStatus, told);
        if (order.status === 'CANCELLED') {
          // Two sagas may undo one order: the one that comes second may know better what became of the money.
          if (paymentStatus !== order.paymentStatus) await movePayment(work, order, paymentStatus, []);
          return order.status;
        }
        order.cancellationReason = reasonOf(order, input.reason as CancellationReason);
        order.paymentStatus = paymentStatus;
        await moveTo(work, order, 'CANCELLED', tellStory(input.story as StepReport[], order.cancellationRequestedAt));
        return order.status;
      });
    },

    /**
     * How a payment ended, by its own word. As long as an order's saga is under way, the saga tells: its last step says
     * where the payment is, or has us ask. So this is for what comes after that.
     */
    paymentEnded: async (work: Work<Tables>, orderId: string, status: 'VOIDED' | 'FAILED'): Promise<void> => {
      const order = await findOrder(work, orderId);
      if (order?.status !== 'CANCELLED') return;
      const told = paymentAfter(order.paymentStatus, status);
      if (told !== order.paymentStatus) await movePayment(work, order, told, []);
    },

    /** Some of the money was given back, whoever had it done: news of its own, also if the order is said to be refunded. */
    paymentRefunded: async (work: Work<Tables>, orderId: string, refund: RefundMade): Promise<void> => {
      const order = await findOrder(work, orderId);
      if (!order) return;
      const { refundId: reference, refunded, status, at } = refund;
      if (await isTold(work, orderId, reference)) return;
      const entry = { type: 'PAYMENT_REFUNDED', at, reference, amountMinor: BigInt(refunded.minor) } as const;
      await movePayment(work, order, paymentAfter(order.paymentStatus, status), [entry], refunded);
    },

    /** Accepts a request to cancel, and starts the saga that undoes the order. The order's id. */
    async requestCancellation(input: CancelOrderInput, context: RequestContext): Promise<string> {
      const { orderId, reason, idempotencyKey, expectedVersion } = input;
      checkText(reason ?? '', ['input', 'reason'], { min: 0, max: MAX_NOTE });
      const { actor } = context;
      const once = {
        actor: actor.id,
        operation: 'cancelOrder',
        key: idempotencyKey,
        request: { orderId, reason, expectedVersion },
      };
      const outcome = await store.idempotent({ ...once, locks: [orderId], origin: context }, async (work) => {
        const order = await findOrder(work, orderId);
        if (!order || !matches({ id: order.id, customer_id: order.customerId }, writableOrders(actor))) {
          throw refuse('NOT_FOUND', 'There is no such order, or it is not yours.', ['input', 'orderId']);
        }
        checkVersion(order.version, expectedVersion);
        checkCancellable(order);
        const now = clock.now();
        order.cancellationRequestedAt = now;
        order.cancellationReason = requestedBy(actor, order);
        await saveOrder(work, order, now, [{ type: 'CANCELLATION_REQUESTED', at: now }]);
        await work.sql
          .updateTable('order_contact')
          .set({ cancellation_note: reason ?? null })
          .where('order_id', '=', orderId)
          .execute();
        await work.startSaga('cancelOrder', orderId, { orderId, reason: order.cancellationReason });
        return { orderId };
      });
      return outcome.orderId;
    },
  };

  /** Where an order's payment is by its own word; nothing where none was begun. */
  async function paymentOf(orderId: string, context: RequestContext): Promise<PaymentStatus | undefined> {
    const answer = await ask(paymentsOfOrders, { orderIds: [orderId] }, { within: context });
    return answer.paymentsOfOrders[0]?.status;
  }

  async function movePayment(
    work: Work<Tables>,
    order: Order,
    to: PaymentStatus,
    entries: readonly TimelineEntry[],
    refunded: RefundMade['refunded'] | null = null,
  ) {
    const now = clock.now();
    order.paymentStatus = to;
    await saveOrder(work, order, now, entries);
    work.publish(orderPaymentStatusChanged, {
      aggregateId: order.id,
      aggregateVersion: order.version,
      payload: { ...subject(order), status: order.status, paymentStatus: to, updatedAt: now.toISOString(), refunded },
    });
  }
};

const subject = (order: Order) => ({ orderId: order.id, number: order.number, customerId: order.customerId });

const requestedBy = (actor: Actor, order: Order): CancellationReason =>
  actor.orderId === order.id || (order.customerId && actor.customerId === order.customerId)
    ? 'CUSTOMER_REQUEST'
    : 'MERCHANT_REQUEST';

export type OrderService = ReturnType<typeof orderService>;
