import { accepted } from '../../../platform/commands/ask.ts';
import { Unavailable } from '../../../platform/errors.ts';
import { defineSaga, type SagaRefusal, type StepReport } from '../../../platform/sagas/define-saga.ts';
import { isGivenUp } from '../../../platform/sagas/given-up.ts';
import { releaseReservation, reserveStock } from '../commands/inventory.generated.ts';
import {
  type CancellationReason as Reason,
  type PaymentStatus,
  type TimelineEntryType,
  awaitPaymentAction,
  completeCancellation,
  confirmOrder,
  startProcessing,
} from '../commands/order.generated.ts';
import { authorisePayment, cancelPayment, capturePayment, settlePaymentAction } from '../commands/payment.generated.ts';
import { askOrder } from './earlier-order.ts';
import { storyOf } from './story.ts';

/** The input of the saga, from `placeOrder` of the order agent. */
interface Input {
  orderId: string;
  customerId: string | null;
  amount: string;
  currency: string;
  lines: { variantId: string; quantity: number }[];
  paymentToken: string;
}

/** The state that its steps share. */
interface State {
  payment: string;
  actionSeconds: number;
}

/** The topic of the signal that a payment which waited for its buyer has moved on. */
export const PAYMENT_TOPIC = 'payment';

const REASONS: Readonly<Record<string, Reason>> = {
  INSUFFICIENT_STOCK: 'INSUFFICIENT_STOCK',
  PAYMENT_DECLINED: 'PAYMENT_DECLINED',
  PAYMENT_FAILED: 'PAYMENT_FAILED',
  PAYMENT_ACTION_EXPIRED: 'PAYMENT_EXPIRED',
};

/** The code of a payment that was cancelled meanwhile. */
const PAYMENT_CANCELLED = 'PAYMENT_CANCELLED';

/** The timeline's entry for a refused payment; one that was cancelled meanwhile counts as voided. */
const refusedPayment = (code: string) => (code === PAYMENT_CANCELLED ? 'PAYMENT_VOIDED' : 'PAYMENT_REFUSED');

/** The payment status for each way to undo the authorisation, with the timeline's entry if that is news. */
const UNDONE: Readonly<Record<string, { status: PaymentStatus; tells?: TimelineEntryType }>> = {
  refund: { status: 'REFUNDED', tells: 'PAYMENT_REFUNDED' },
  void: { status: 'VOIDED', tells: 'PAYMENT_VOIDED' },
  'payment voided': { status: 'VOIDED' },
  'payment failed': { status: 'FAILED' },
};

export const placeOrder = defineSaga<Input, State, TimelineEntryType>({
  name: 'placeOrder.v2',
  description:
    'Carries out an accepted order: stock, payment, confirmation. Without stock or payment it is cancelled with a reason.',
  checkpoints: 'STRETCHES',
  steps: [
    {
      name: 'reserve',
      agent: 'inventory',
      does: 'Reserves the stock.',
      tells: { done: 'STOCK_RESERVED', refused: 'STOCK_REFUSED', undone: 'STOCK_RELEASED' },
      async run({ input, key, ask }) {
        const { orderId: reference, lines } = input;
        accepted((await ask(reserveStock, { input: { reference, lines, idempotencyKey: key } })).reserveStock);
      },
      async undo({ input, key, ask }) {
        const { orderId: reference } = input;
        return accepted(
          (await ask(releaseReservation, { input: { reference, idempotencyKey: key } })).releaseReservation,
        ).released;
      },
    },
    {
      name: 'authorise',
      agent: 'payment',
      does: 'Authorises the payment.',
      tells: {
        // A payment that its buyer has still to confirm is not approved yet: `settle` reports when it is.
        done: ({ payment }) => (payment === 'REQUIRES_ACTION' ? undefined : 'PAYMENT_AUTHORIZED'),
        refused: refusedPayment,
        undone: (as = 'void') => UNDONE[as]?.tells,
      },
      async run({ input, key, ask }) {
        const { orderId, customerId, amount, currency, paymentToken: token } = input;
        const payload = { orderId, customerId, amount: { amount, currency }, token, idempotencyKey: key };
        const { payment } = accepted((await ask(authorisePayment, { input: payload })).authorisePayment);
        return { payment: payment!.status, actionSeconds: payment!.actionExpiresInSeconds ?? 0 };
      },
      async undo({ input, key, ask, refusal }) {
        const { orderId } = input;
        const payload = { orderId, reason: refusal!.errors[0]!.code, idempotencyKey: key };
        // A capture under way may have come first: then the payment was refunded, not voided.
        const { outcome, payment } = accepted((await ask(cancelPayment, { input: payload })).cancelPayment);
        if (outcome !== 'NOTHING') return { as: outcome === 'REFUNDED' ? 'refund' : 'void' };
        // Nothing was held: no news for the buyer, but for the order, which shows the payment status.
        return payment ? { as: payment.status === 'FAILED' ? 'payment failed' : 'payment voided' } : false;
      },
    },
    {
      name: 'announce action',
      agent: 'order',
      does: 'Tells the buyer to confirm the payment.',
      when: (state) => state.payment === 'REQUIRES_ACTION',
      async run({ input: { orderId }, ask, story }) {
        const input = { orderId, paymentStatus: 'REQUIRES_ACTION', story: storyOf(story) } as const;
        accepted((await askOrder(ask, awaitPaymentAction, input)).awaitPaymentAction);
      },
    },
    {
      name: 'settle',
      agent: 'payment',
      does: 'Waits until the buyer has confirmed the payment, or no longer may.',
      tells: { done: 'PAYMENT_AUTHORIZED', refused: refusedPayment },
      when: (state) => state.payment === 'REQUIRES_ACTION',
      waitsFor: { topic: PAYMENT_TOPIC, seconds: (state) => state.actionSeconds! },
      async run({ input: { orderId }, key, ask }) {
        const { payment } = accepted(
          (await ask(settlePaymentAction, { input: { orderId, idempotencyKey: key } })).settlePaymentAction,
        );
        if (payment!.status === 'REQUIRES_ACTION') throw new Unavailable('The buyer may still confirm the payment.');
        return { payment: payment!.status };
      },
    },
    {
      name: 'confirm',
      agent: 'order',
      does: 'Confirms the order.',
      async run({ input: { orderId }, ask, story }) {
        const input = { orderId, paymentStatus: 'AUTHORIZED', story: storyOf(story) } as const;
        accepted((await askOrder(ask, confirmOrder, input)).confirmOrder);
      },
    },
    {
      name: 'capture',
      agent: 'payment',
      does: 'Captures the payment.',
      tells: {
        done: 'PAYMENT_CAPTURED',
        refused: (code) => (code === PAYMENT_CANCELLED ? undefined : 'PAYMENT_REFUSED'),
      },
      pivot: true,
      async run({ input: { orderId }, key, ask }) {
        const { payment } = accepted(
          (await ask(capturePayment, { input: { orderId, idempotencyKey: key } })).capturePayment,
        );
        return { payment: payment!.status };
      },
    },
    {
      name: 'process',
      agent: 'order',
      does: 'Starts to process the order.',
      async run({ input: { orderId }, ask, story }) {
        const input = { orderId, paymentStatus: 'CAPTURED', story: storyOf(story) } as const;
        accepted((await askOrder(ask, startProcessing, input)).startProcessing);
      },
    },
  ],
  whenRefused: {
    name: 'cancel',
    agent: 'order',
    does: 'Cancels the order, with the reason.',
    async run({ input: { orderId }, ask, story, refusal }) {
      const input = {
        orderId,
        reason: reasonOf(refusal!),
        paymentStatus: paymentAfter(story, refusal!),
        story: storyOf(story),
      };
      accepted((await askOrder(ask, completeCancellation, input)).completeCancellation);
    },
  },
});

const reasonOf = ({ errors }: SagaRefusal): Reason => REASONS[errors[0]!.code] ?? 'OTHER';

/**
 * The payment status after everything was undone. Undefined if a payment may have begun and the undo reports nothing,
 * because it was skipped or stored by an earlier release: the order agent then asks.
 */
function paymentAfter(story: readonly StepReport[], { errors }: SagaRefusal): PaymentStatus | undefined {
  const undone = story.map(({ step }) => UNDONE[step]?.status).find(Boolean);
  const mayHaveBegun = story.some(({ step }) => step === 'authorise') || isGivenUp(errors[0]!.code);
  return undone ?? (mayHaveBegun ? undefined : 'VOIDED');
}
