import { accepted } from '../../../platform/commands/ask.ts';
import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import { confirmOrder, startProcessing, type TimelineEntryType } from '../commands/order.generated.ts';
import { authorisePayment } from '../commands/payment.generated.ts';
import { askOrder } from './earlier-order.ts';
import {
  announceAction,
  cancel,
  capture,
  type Input,
  refusedPayment,
  reserve,
  settle,
  type State,
  UNDONE,
  undoPayment,
} from './place-order.ts';
import { storyOf } from './story.ts';

/**
 * Orders that an earlier release accepted: the payment is authorised before the order is confirmed, and captured after
 * it, and the saga is replayed over a checkpoint after each step. This file goes once none of them is left.
 */
export const earlierPlaceOrder = defineSaga<Input, State, TimelineEntryType>({
  name: 'placeOrder',
  description: 'Carries out an order that an earlier release accepted.',
  steps: [
    reserve,
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
      undo: undoPayment,
    },
    announceAction,
    { ...settle, tells: { done: 'PAYMENT_AUTHORIZED', refused: refusedPayment } },
    {
      name: 'confirm',
      agent: 'order',
      does: 'Confirms the order.',
      async run({ input: { orderId }, ask, story }) {
        const input = { orderId, paymentStatus: 'AUTHORIZED', story: storyOf(story) } as const;
        accepted((await askOrder(ask, confirmOrder, input)).confirmOrder);
      },
    },
    { ...capture, pivot: true },
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
  whenRefused: cancel,
});
