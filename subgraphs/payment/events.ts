import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { PaymentStatus } from './entities.ts';

const amount = z.object({ minor: z.string(), currency: z.string() });
const payment = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  customerId: z.string().nullable(),
  amount,
  status: z.enum(Object.keys(PaymentStatus) as [PaymentStatus]).describe('Where the payment is since.'),
  updatedAt: z.iso.datetime(),
});

const event = <Payload>(type: string, description: string, payload: z.ZodType<Payload>) =>
  defineEvent(type, { aggregate: 'payment', description, payload });

export const paymentActionRequired = event(
  'payment.action_required',
  'The buyer has to do something before the payment goes on.',
  payment,
);
export const paymentAuthorised = event('payment.authorized', 'The amount is kept for us, and not taken yet.', payment);
export const paymentDeclined = event(
  'payment.declined',
  'The payment was declined, or not confirmed in time: nothing is kept.',
  payment.extend({ reason: z.string() }),
);
export const paymentCaptured = event('payment.captured', 'The amount was taken.', payment);
export const paymentFailed = event(
  'payment.failed',
  'The amount that was kept for us could not be taken.',
  payment.extend({ reason: z.string() }),
);
export const paymentVoided = event('payment.voided', 'The amount that was kept for us was let go.', payment);
export const paymentRefunded = event(
  'payment.refunded',
  'Some of what was taken, or all of it, was given back.',
  payment.extend({ refundId: z.string(), refunded: amount }),
);

export const emits = [
  paymentActionRequired,
  paymentAuthorised,
  paymentDeclined,
  paymentCaptured,
  paymentFailed,
  paymentVoided,
  paymentRefunded,
];
