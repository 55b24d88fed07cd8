import { accepted } from '../../../platform/commands/ask.ts';
import { Unavailable } from '../../../platform/errors.ts';
import {
  defineSaga,
  type SagaDefinition,
  type SagaRefusal,
  type SagaStep,
  type StepReport,
} from '../../../platform/sagas/define-saga.ts';
import { isGivenUp } from '../../../platform/sagas/given-up.ts';
import { releaseReservation, reserveStock } from '../commands/inventory.generated.ts';
import {
  type CancellationReason as Reason,
  type PaymentStatus,
  type TimelineEntryType,
  awaitPaymentAction,
  completeCancellation,
  confirmPaidOrder,
} from '../commands/order.generated.ts';
import { cancelPayment, capturePayment, chargePayment, settlePaymentAction } from '../commands/payment.generated.ts';
import { askOrder } from './earlier-order.ts';
import { storyOf } from './story.ts';

/** The input of the saga, from `placeOrder` of the order agent. */
export interface Input {
  orderId: string;
  customerId: string | null;
  amount: string;
  currency: string;
  lines: { variantId: string; quantity: number }[];
  paymentToken: string;
}

/** The state that its steps share. */
export interface State {
  payment: PaymentStatus;
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
export const PAYMENT_CANCELLED = 'PAYMENT_CANCELLED';

/** The timeline's entry for a refused payment; one that was cancelled meanwhile counts as voided. */
export const refusedPayment = (code: string) => (code === PAYMENT_CANCELLED ? 'PAYMENT_VOIDED' : 'PAYMENT_REFUSED');

/** The timeline's entry for a payment; there is none while its buyer has still to confirm it. */
const tellsOf = ({ payment }: Readonly<Partial<State>>): TimelineEntryType | undefined => {
  if (payment === 'CAPTURED') return 'PAYMENT_CAPTURED';
  return payment === 'AUTHORIZED' ? 'PAYMENT_AUTHORIZED' : undefined;
};

/** The payment status for each way to undo the payment, with the timeline's entry if that is news. */
export const UNDONE: Readonly<Record<string, { status: PaymentStatus; tells?: TimelineEntryType }>> = {
  refund: { status: 'REFUNDED', tells: 'PAYMENT_REFUNDED' },
  void: { status: 'VOIDED', tells: 'PAYMENT_VOIDED' },
  'payment voided': { status: 'VOIDED' },
  'payment failed': { status: 'FAILED' },
};

/** Reserves the stock. */
export const reserve: SagaStep<Input, State, TimelineEntryType> = {
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
    return accepted((await ask(releaseReservation, { input: { reference, idempotencyKey: key } })).releaseReservation)
      .released;
  },
};

/** Undoes the payment, whatever has become of it. */
export const undoPayment: NonNullable<SagaStep<Input, State, TimelineEntryType>['undo']> = async ({
  input: { orderId },
  key,
  ask,
  refusal,
}) => {
  const payload = { orderId, reason: refusal!.errors[0]!.code, idempotencyKey: key };
  // It may have been captured already: then it was refunded, not voided.
  const { outcome, payment } = accepted((await ask(cancelPayment, { input: payload })).cancelPayment);
  if (outcome !== 'NOTHING') return { as: outcome === 'REFUNDED' ? 'refund' : 'void' };
  // Nothing was held: no news for the buyer, but for the order, which shows the payment status.
  return payment ? { as: payment.status === 'FAILED' ? 'payment failed' : 'payment voided' } : false;
};

/** Tells the buyer to confirm the payment. */
export const announceAction: SagaStep<Input, State, TimelineEntryType> = {
  name: 'announce action',
  agent: 'order',
  does: 'Tells the buyer to confirm the payment.',
  when: (state) => state.payment === 'REQUIRES_ACTION',
  async run({ input: { orderId }, ask, story }) {
    const input = { orderId, paymentStatus: 'REQUIRES_ACTION', story: storyOf(story) } as const;
    accepted((await askOrder(ask, awaitPaymentAction, input)).awaitPaymentAction);
  },
};

/** Waits until the buyer has confirmed the payment, or no longer may. */
export const settle: SagaStep<Input, State, TimelineEntryType> = {
  name: 'settle',
  agent: 'payment',
  does: 'Waits until the buyer has confirmed the payment, or no longer may.',
  tells: { done: tellsOf, refused: refusedPayment },
  when: (state) => state.payment === 'REQUIRES_ACTION',
  waitsFor: { topic: PAYMENT_TOPIC, seconds: (state) => state.actionSeconds! },
  async run({ input: { orderId }, key, ask }) {
    const { payment } = accepted(
      (await ask(settlePaymentAction, { input: { orderId, idempotencyKey: key } })).settlePaymentAction,
    );
    if (payment!.status === 'REQUIRES_ACTION') throw new Unavailable('The buyer may still confirm the payment.');
    return { payment: payment!.status };
  },
};

/** Captures the payment. */
export const capture: SagaStep<Input, State, TimelineEntryType> = {
  name: 'capture',
  agent: 'payment',
  does: 'Captures the payment.',
  tells: {
    done: 'PAYMENT_CAPTURED',
    refused: (code) => (code === PAYMENT_CANCELLED ? undefined : 'PAYMENT_REFUSED'),
  },
  async run({ input: { orderId }, key, ask }) {
    const { payment } = accepted(
      (await ask(capturePayment, { input: { orderId, idempotencyKey: key } })).capturePayment,
    );
    return { payment: payment!.status };
  },
};

/** Cancels the order, with the reason. */
export const cancel: NonNullable<SagaDefinition<Input, State, TimelineEntryType>['whenRefused']> = {
  name: 'cancel',
  agent: 'order',
  does: 'Cancels the order, with the reason.',
  async run({ input: { orderId }, ask, story, refusal }) {
    const paymentStatus = paymentAfter(story, refusal!);
    const input = { orderId, reason: reasonOf(refusal!), paymentStatus, story: storyOf(story) };
    accepted((await askOrder(ask, completeCancellation, input)).completeCancellation);
  },
};

export const placeOrder = defineSaga<Input, State, TimelineEntryType>({
  name: 'placeOrder.v2',
  description:
    'Carries out an accepted order: stock, payment, confirmation. Without stock or payment it is cancelled with a reason.',
  checkpoints: 'STRETCHES',
  steps: [
    reserve,
    {
      name: 'pay',
      agent: 'payment',
      does: 'Takes the payment, in one call to the provider.',
      tells: { done: tellsOf, refused: refusedPayment, undone: (as = 'void') => UNDONE[as]?.tells },
      async run({ input, key, ask }) {
        const { orderId, customerId, amount, currency, paymentToken: token } = input;
        const payload = { orderId, customerId, amount: { amount, currency }, token, idempotencyKey: key };
        const { payment } = accepted((await ask(chargePayment, { input: payload })).chargePayment);
        return { payment: payment!.status, actionSeconds: payment!.actionExpiresInSeconds ?? 0 };
      },
      undo: undoPayment,
    },
    announceAction,
    settle,
    // A payment that its buyer has confirmed is only authorised; of one whose step was skipped nobody knows: payment
    // then captures it or refuses to, so that no order goes out unpaid.
    { ...capture, when: (state) => state.payment !== 'CAPTURED' },
    {
      name: 'confirm',
      agent: 'order',
      does: 'Confirms the order, and starts to process it.',
      pivot: true,
      async run({ input: { orderId }, state, ask, story }) {
        const input = { orderId, paymentStatus: takenAs(state, story), story: storyOf(story) };
        accepted((await askOrder(ask, confirmPaidOrder, input)).confirmPaidOrder);
      },
    },
  ],
  whenRefused: cancel,
});

const reasonOf = ({ errors }: SagaRefusal): Reason => REASONS[errors[0]!.code] ?? 'OTHER';

/** The payment status before the pivot. An operator who skipped the capture has said that the money was taken by hand. */
const takenAs = ({ payment }: Readonly<Partial<State>>, story: readonly StepReport[]): PaymentStatus =>
  story.some(({ step, skipped }) => step === 'capture' && skipped) ? 'CAPTURED' : payment!;

/** The steps that begin a payment, of each version. */
const BEGINS_PAYMENT: ReadonlySet<string> = new Set(['pay', 'authorise']);

/**
 * The payment status after everything was undone. Undefined if a payment may have begun and the undo reports nothing,
 * because it was skipped or stored by an earlier release: the order agent then asks.
 */
function paymentAfter(story: readonly StepReport[], { errors }: SagaRefusal): PaymentStatus | undefined {
  const undone = story.map(({ step }) => UNDONE[step]?.status).find(Boolean);
  const mayHaveBegun = story.some(({ step }) => BEGINS_PAYMENT.has(step)) || isGivenUp(errors[0]!.code);
  return undone ?? (mayHaveBegun ? undefined : 'VOIDED');
}
