import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { CancellationReason, OrderStatus, PaymentStatus } from './entities.ts';

const status = z.enum(Object.keys(OrderStatus) as [OrderStatus]);
const reason = z.enum(Object.keys(CancellationReason) as [CancellationReason]);
const order = z.object({ orderId: z.string(), number: z.string(), customerId: z.string().nullable() });

export const orderPlaced = defineEvent('order.placed', {
  aggregate: 'order',
  description: 'An order was accepted: it will be carried out, or cancelled with a reason.',
  payload: order.extend({
    status,
    channel: z.string(),
    currency: z.string(),
    totalAmount: z.string().describe('The total in major units.'),
    totalMinor: z.string().describe('The total in minor units.'),
    itemsCount: z.number().int().positive().describe('Pieces, over all lines.'),
    createdAt: z.iso.datetime(),
  }),
});

export const orderStatusChanged = defineEvent('order.status_changed', {
  aggregate: 'order',
  description: 'An order went from one status to another.',
  payload: order.extend({
    oldStatus: status,
    newStatus: status,
    updatedAt: z.iso.datetime(),
    reason: reason.nullable(),
  }),
});

export const orderPaymentStatusChanged = defineEvent('order.payment_status_changed', {
  aggregate: 'order',
  description: "An order's payment moved on while the order's own status stayed.",
  payload: order.extend({
    status,
    paymentStatus: z.enum(Object.keys(PaymentStatus) as [PaymentStatus]),
    updatedAt: z.iso.datetime(),
  }),
});

export const emits = [orderPlaced, orderStatusChanged, orderPaymentStatusChanged];
