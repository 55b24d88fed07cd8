/**
 * An order follows its payment. What a saga's own steps do to it (authorised, captured), those steps tell the order, so
 * an order that goes the ordinary way costs nothing here: this is for what comes of itself or by a person.
 */
import { type EventHandler, handlersFor } from '../../platform/consumers/handler.ts';
import type { Tables } from './entities.ts';
import { paymentEnded, paymentRefunded } from './events.ts';
import type { OrderService } from './service.ts';

/** What the end of a payment is called, by its event. */
const ENDS = { 'payment.voided': 'VOIDED', 'payment.declined': 'FAILED', 'payment.failed': 'FAILED' } as const;

const on = handlersFor<Tables, OrderService>();

export const handlers: EventHandler<OrderService>[] = [
  on(
    'payment.refunded',
    paymentRefunded,
    (work, { payload, at }, service) => {
      const { orderId, refundId, refunded, amount } = payload;
      const status = payload.status ?? (refunded.minor === amount.minor ? 'REFUNDED' : 'PARTIALLY_REFUNDED');
      const madeAt = payload.updatedAt ? new Date(payload.updatedAt) : at;
      return service.paymentRefunded(work, orderId, { refundId, refunded, status, at: madeAt });
    },
    ({ orderId }) => [orderId],
  ),
  ...Object.entries(ENDS).map(([type, status]) =>
    on(
      type,
      paymentEnded,
      (work, { payload }, service) => service.paymentEnded(work, payload.orderId, status),
      ({ orderId }) => [orderId],
    ),
  ),
];
