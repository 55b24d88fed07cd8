/**
 * An order follows the events of its payment. Changes by a saga's own steps (authorised, captured) are reported by
 * those steps, so an ordinary order costs nothing here: these handlers are for changes from outside, or by staff.
 */
import { type EventHandler, handlersFor } from '../../platform/consumers/handler.ts';
import type { Tables } from './entities.ts';
import { paymentEnded, paymentRefunded } from './events.ts';
import type { OrderService } from './service.ts';

/** The payment status after each event that ends a payment. */
const ENDS = { 'payment.voided': 'VOIDED', 'payment.declined': 'FAILED', 'payment.failed': 'FAILED' } as const;

const on = handlersFor<Tables, OrderService>();

export const handlers: EventHandler<OrderService>[] = [
  on(
    'payment.refunded',
    paymentRefunded,
    (work, { payload, at }, service) => {
      const { orderId, refundId, refundNumber: number, amount } = payload;
      const refunded = { ...payload.refunded, ...(number && { number }) };
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
