import { accepted } from '../../../platform/commands/ask.ts';
import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import { sagaId } from '../../../platform/sagas/enqueue.ts';
import { releaseReservation } from '../commands/inventory.generated.ts';
import { completeCancellation, type TimelineEntryType } from '../commands/order.generated.ts';
import { cancelPayment, type PaymentStatus } from '../commands/payment.generated.ts';
import { askOrder } from './earlier-order.ts';
import { storyOf } from './story.ts';

/** The input of the saga, from `cancelOrder` of the order agent. */
interface Input {
  orderId: string;
  reason: 'CUSTOMER_REQUEST' | 'MERCHANT_REQUEST';
}

/** The state that its steps share. */
interface State {
  payment: 'NOTHING' | 'VOIDED' | 'REFUNDED';
  /** Absent if an earlier release stored `payment` alone, or if the step was skipped: the order agent then asks. */
  paymentStatus: PaymentStatus;
}

/** The timeline's entry for each outcome; there is none if nothing was authorised. */
const ENTRIES: Readonly<Partial<Record<State['payment'], TimelineEntryType>>> = {
  VOIDED: 'PAYMENT_VOIDED',
  REFUNDED: 'PAYMENT_REFUNDED',
};

/** No step has an undo and none is refused: the request to cancel is final, and each step is retried until it works. */
export const cancelOrder = defineSaga<Input, State, TimelineEntryType>({
  name: 'cancelOrder',
  description: 'Undoes an order that is not on its way yet: voids or refunds the payment, frees the stock, cancels it.',
  queue: 'URGENT',
  steps: [
    {
      name: 'cancel payment',
      agent: 'payment',
      does: 'Voids the payment, or refunds it if it was captured.',
      tells: { done: ({ payment }) => payment && ENTRIES[payment] },
      async run({ input: { orderId, reason }, key, ask }) {
        const { outcome, payment } = accepted(
          (await ask(cancelPayment, { input: { orderId, reason, idempotencyKey: key } })).cancelPayment,
        );
        // Without a payment none can begin any more: no money was taken, and none is held.
        return { payment: outcome!, paymentStatus: payment?.status ?? 'VOIDED' };
      },
    },
    {
      name: 'release',
      agent: 'inventory',
      does: 'Releases the reserved stock.',
      tells: { done: 'STOCK_RELEASED' },
      async run({ input: { orderId: reference }, key, ask }) {
        accepted((await ask(releaseReservation, { input: { reference, idempotencyKey: key } })).releaseReservation);
      },
    },
    {
      name: 'cancel',
      agent: 'order',
      does: 'Cancels the order.',
      async run({ input: { orderId, reason }, ask, state, story }) {
        const input = { orderId, reason, paymentStatus: state.paymentStatus, story: storyOf(story) };
        accepted((await askOrder(ask, completeCancellation, input)).completeCancellation);
      },
    },
    {
      name: 'end placing',
      agent: 'orchestration',
      does: 'Ends the saga that placed the order, if it still waits or is stuck.',
      run: ({ input: { orderId }, callOff }) => callOff(sagaId('placeOrder', orderId)),
    },
  ],
});
