import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';

export const notificationRequested = defineEvent('notification.requested', {
  seed: 'CUSTOMER_NOTIFICATION',
  aggregate: 'message',
  description: 'Something is to be said to a customer. Subject and message are the unfilled template.',
  payload: z.object({
    customerId: z.string(),
    notificationType: z.string().describe('The template.'),
    channel: z.literal('in_app').describe('How it is said. Only the inbox so far.'),
    subject: z.string(),
    message: z.string(),
    referenceId: z.string().describe('What it is about: the order.'),
    messageId: z.string(),
  }),
});

export const emits = [notificationRequested];

const order = z.object({ orderId: z.string(), number: z.string(), customerId: z.string().nullish() });

/** What this agent reads of `order.placed`. */
export const orderPlaced = order.extend({ totalMinor: z.string().regex(/^\d+$/), currency: z.string() });
/** What this agent reads of `order.status_changed`. */
export const orderStatusChanged = order.extend({ newStatus: z.string(), reason: z.string().nullish() });
/** What this agent reads of `order.payment_status_changed`. */
export const orderPaymentStatusChanged = order.extend({
  refunded: z.object({ minor: z.string().regex(/^\d+$/), currency: z.string() }).nullish(),
});
/** What this agent reads of `identity.recovery_requested`. */
export const recoveryRequested = z.object({ recoveryId: z.string() });
