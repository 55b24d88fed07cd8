import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { businessMetric } from '../../platform/telemetry/business-metrics.ts';
import { CancellationReason, OrderStatus, PaymentStatus } from './entities.ts';

const status = z.enum(Object.keys(OrderStatus) as [OrderStatus]);
const reason = z.enum(Object.keys(CancellationReason) as [CancellationReason]);
const paymentStatus = z.enum(Object.keys(PaymentStatus) as [PaymentStatus]);
const amount = z.object({ minor: z.string(), currency: z.string() });
const order = z.object({ orderId: z.string(), number: z.string(), customerId: z.string().nullable() });

const ordersPlaced = businessMetric('agora_orders_placed_total', 'Orders that were accepted.', ['currency']);
const orderValue = businessMetric(
  'agora_order_value_minor_total',
  'Totals of accepted orders, in minor units of their currency.',
  ['currency'],
);
const orderChanges = businessMetric(
  'agora_order_changes_total',
  'Orders that entered a status, with the reason if they were cancelled.',
  ['status', 'reason'],
);

export const orderPlaced = defineEvent('order.placed', {
  seed: 'ORDER_CREATED',
  aggregate: 'order',
  description: 'An order was accepted: it will be carried out, or cancelled with a reason.',
  payload: order.extend({
    placedBy: z.string().nullable().describe('The user who placed it for its buyer; null if the buyer did.'),
    status,
    channel: z.string(),
    currency: z.string(),
    totalAmount: z.string().describe('The total in major units.'),
    totalMinor: z.string().describe('The total in minor units.'),
    itemsCount: z.number().int().positive().describe('Pieces, over all lines.'),
    createdAt: z.iso.datetime(),
  }),
  counts: [
    { metric: ordersPlaced, labels: ({ currency }) => ({ currency }) },
    { metric: orderValue, labels: ({ currency }) => ({ currency }), by: ({ totalMinor }) => Number(totalMinor) },
  ],
});

export const orderStatusChanged = defineEvent('order.status_changed', {
  seed: 'ORDER_UPDATED',
  aggregate: 'order',
  description: 'An order went from one status to another.',
  payload: order.extend({
    oldStatus: status,
    newStatus: status,
    updatedAt: z.iso.datetime(),
    reason: reason.nullable(),
  }),
  counts: [{ metric: orderChanges, labels: ({ newStatus, reason }) => ({ status: newStatus, reason: reason ?? '' }) }],
});

export const orderPaymentStatusChanged = defineEvent('order.payment_status_changed', {
  aggregate: 'order',
  description: "An order's payment moved on while the order's own status stayed. Each refund is one such event.",
  payload: order.extend({
    status,
    paymentStatus,
    updatedAt: z.iso.datetime(),
    refunded: amount
      .extend({ number: z.string().optional().describe('The number of the refund, if payment told it.') })
      .nullable()
      .describe('The refunded amount, if the event is a refund.'),
  }),
});

const payment = z.object({ orderId: z.string() });
/** The part of `payment.voided`, `payment.declined` and `payment.failed` that this agent reads. */
export const paymentEnded = payment;
/** The part of `payment.refunded` that this agent reads. */
export const paymentRefunded = payment.extend({
  refundId: z.string(),
  amount,
  refunded: amount,
  // Optional, since events of earlier releases have none of them.
  refundNumber: z.string().optional(),
  status: paymentStatus.optional(),
  updatedAt: z.iso.datetime().optional(),
});

export const emits = [orderPlaced, orderStatusChanged, orderPaymentStatusChanged];
