import { z } from 'zod';
import { approvalEvents } from '../../platform/approvals/approval-events.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import { businessMetric, type Count } from '../../platform/telemetry/business-metrics.ts';
import { PaymentStatus } from './entities.ts';

const amount = z.object({ minor: z.string(), currency: z.string() });
const payment = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  customerId: z.string().nullable(),
  amount,
  status: z.enum(Object.keys(PaymentStatus) as [PaymentStatus]).describe('The payment status since.'),
  updatedAt: z.iso.datetime(),
});

const payments = businessMetric('agora_payments_total', 'Payments, by outcome.', ['outcome']);
const captured = businessMetric(
  'agora_revenue_captured_minor_total',
  'Amounts captured, in minor units of their currency.',
  ['currency'],
);
const givenBack = businessMetric(
  'agora_revenue_refunded_minor_total',
  'Amounts refunded, in minor units of their currency.',
  ['currency'],
);

/** Counts a payment by its outcome. */
const ended = (outcome: string): Count<unknown> => ({ metric: payments, labels: () => ({ outcome }) });

const event = <Payload>(
  type: string,
  description: string,
  payload: z.ZodType<Payload>,
  counts: readonly Count<Payload>[] = [],
) => defineEvent(type, { aggregate: 'payment', description, payload, counts });

export const paymentActionRequired = event(
  'payment.action_required',
  'The payment needs an action of the buyer, such as 3-D Secure, before it goes on.',
  payment,
);
export const paymentAuthorised = event(
  'payment.authorized',
  'The amount is held for us, and not captured yet.',
  payment,
  [ended('authorized')],
);
export const paymentDeclined = event(
  'payment.declined',
  'The payment was declined, or not confirmed in time: nothing is held.',
  payment.extend({ reason: z.string() }),
  [ended('declined')],
);
export const paymentCaptured = event('payment.captured', 'The amount was captured.', payment, [
  ended('captured'),
  {
    metric: captured,
    labels: ({ amount: { currency } }) => ({ currency }),
    by: ({ amount: { minor } }) => Number(minor),
  },
]);
export const paymentFailed = event(
  'payment.failed',
  'The amount that was held for us could not be captured.',
  payment.extend({ reason: z.string() }),
  [ended('failed')],
);
export const paymentVoided = event('payment.voided', 'The amount that was held for us was voided.', payment, [
  ended('voided'),
]);
export const paymentRefunded = event(
  'payment.refunded',
  'The captured amount was refunded, in part or in full.',
  payment.extend({
    refundId: z.string(),
    refundNumber: z.string().optional().describe('The number of the refund. Absent in events of earlier releases.'),
    refunded: amount,
  }),
  [
    ended('refunded'),
    {
      metric: givenBack,
      labels: ({ refunded: { currency } }) => ({ currency }),
      by: ({ refunded: { minor } }) => Number(minor),
    },
  ],
);

/** The events of refunds that need approval. */
export const approvals = approvalEvents('payment');

export const emits = [
  paymentActionRequired,
  paymentAuthorised,
  paymentDeclined,
  paymentCaptured,
  paymentFailed,
  paymentVoided,
  paymentRefunded,
  ...Object.values(approvals),
];
