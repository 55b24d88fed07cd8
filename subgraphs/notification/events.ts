import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';

export const notificationRequested = defineEvent('notification.requested', {
  seed: 'CUSTOMER_NOTIFICATION',
  aggregate: 'message',
  description: 'A message to a customer was requested. Subject and message are the unfilled template.',
  payload: z.object({
    customerId: z.string(),
    notificationType: z.string().describe('The template.'),
    channel: z.literal('in_app').describe('The channel of the message. Only the inbox so far.'),
    subject: z.string(),
    message: z.string(),
    referenceId: z.string().describe('The id of its subject, the order.'),
    messageId: z.string(),
  }),
});

/** The payload of `notification.requested`. */
export type NotificationRequested = z.infer<typeof notificationRequested.payload>;

export const emits = [notificationRequested];

const order = z.object({ orderId: z.string(), number: z.string(), customerId: z.string().nullish() });

/** The part of `order.placed` that this agent reads. */
export const orderPlaced = order.extend({ totalMinor: z.string().regex(/^\d+$/), currency: z.string() });
/** The part of `order.status_changed` that this agent reads. */
export const orderStatusChanged = order.extend({ newStatus: z.string(), reason: z.string().nullish() });
/** The part of `order.payment_status_changed` that this agent reads. */
export const orderPaymentStatusChanged = order.extend({
  refunded: z
    .object({ minor: z.string().regex(/^\d+$/), currency: z.string(), number: z.string().optional() })
    .nullish(),
});
/** The part of `identity.recovery_requested` that this agent reads. */
export const recoveryRequested = z.object({ recoveryId: z.string() });
