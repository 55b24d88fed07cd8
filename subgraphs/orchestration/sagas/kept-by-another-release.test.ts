/** Sagas that the previous release began: they run over the step results that it stored, word for word. */
import { expect, test } from '@jest/globals';
import type { Command } from '../../../platform/commands/ask.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import { type Engine, runSaga } from '../../../platform/sagas/run-saga.ts';
import { cancelOrder } from './cancel-order.ts';
import { earlierPlaceOrder } from './earlier-place-order.ts';

const AT = '2026-05-31T23:59:00.000Z';
const PLACED = {
  orderId: 'order_1',
  customerId: null,
  amount: '10.00',
  currency: 'EUR',
  lines: [{ variantId: 'variant_1', quantity: 1 }],
  paymentToken: 'tok_ok',
};

/** Runs a saga over stored results, and returns its last command to the order agent. */
async function endOf(definition: SagaDefinition, input: object, kept: Record<string, unknown>) {
  const asked: [field: string, input: Record<string, unknown>][] = [];
  const ask = async ({ document }: Command<unknown, unknown>, variables: { input: Record<string, unknown> }) => {
    const field = /\{\s*(\w+)/.exec(document)![1]!;
    asked.push([field, variables.input]);
    return { [field]: { released: true, userErrors: [] } };
  };
  const engine: Engine = {
    id: `${definition.name}:order_1`,
    ask: ask as never,
    now: () => AT,
    step: async (name, work) => (name in kept ? (kept[name] as never) : JSON.parse(JSON.stringify(await work()))),
    receive: async () => {},
    stretch: async () => {
      throw new Error('the previous release kept each step');
    },
    carry: async () => undefined,
    callOff: async () => {},
  };
  await runSaga(definition, input, engine);
  return asked.find(([field]) => field === 'completeCancellation')![1];
}

test.each(['NOTHING', 'VOIDED', 'REFUNDED'])(
  'a cancellation with only the stored outcome %s reports no payment status: the order agent asks',
  async (payment) => {
    const input = { orderId: 'order_1', reason: 'CUSTOMER_REQUEST' };
    const end = await endOf(cancelOrder, input, { 'cancel payment': { result: { payment }, at: AT } });
    expect(end).toMatchObject({ orderId: 'order_1', reason: 'CUSTOMER_REQUEST' });
    expect(end.paymentStatus).toBeUndefined();
    expect(end.story).toEqual(
      [...(payment === 'NOTHING' ? [] : [`PAYMENT_${payment}`]), 'STOCK_RELEASED'].map((tells) => ({
        tells,
        isRefusal: false,
        at: AT,
      })),
    );
  },
);

test('a declined order whose undo found nothing to void reports no payment status either', async () => {
  const refusal = { step: 'authorise', errors: [{ code: 'PAYMENT_DECLINED', message: 'Declined.' }] };
  const end = await endOf(earlierPlaceOrder, PLACED, {
    reserve: { result: {}, at: AT },
    authorise: { refusal, at: AT },
    'undo authorise': { at: AT, nothing: true },
  });
  expect(end).toMatchObject({ reason: 'PAYMENT_DECLINED' });
  expect(end.paymentStatus).toBeUndefined();
});

test.each([
  ['refund', 'REFUNDED'],
  ['void', 'VOIDED'],
])('an undo that was stored as "%s" reports the payment status %s', async (as, status) => {
  const refusal = { step: 'capture', errors: [{ code: 'PAYMENT_FAILED', message: 'No.' }] };
  const end = await endOf(earlierPlaceOrder, PLACED, {
    reserve: { result: {}, at: AT },
    authorise: { result: { payment: 'AUTHORIZED', actionSeconds: 0 }, at: AT },
    confirm: { result: {}, at: AT },
    capture: { refusal, at: AT },
    'undo authorise': { at: AT, nothing: false, as },
  });
  expect(end).toMatchObject({ reason: 'PAYMENT_FAILED', paymentStatus: status });
  expect((end.story as { tells: string }[]).map(({ tells }) => tells)).toEqual([
    'STOCK_RESERVED',
    'PAYMENT_AUTHORIZED',
    'PAYMENT_REFUSED',
    `PAYMENT_${status}`,
    'STOCK_RELEASED',
  ]);
});

test('an order that is refused before its payment began reports VOIDED, and the payment agent is not asked', async () => {
  const refusal = { step: 'reserve', errors: [{ code: 'INSUFFICIENT_STOCK', message: 'Too few.' }] };
  const end = await endOf(earlierPlaceOrder, PLACED, { reserve: { refusal, at: AT } });
  expect(end).toMatchObject({ reason: 'INSUFFICIENT_STOCK', paymentStatus: 'VOIDED' });
});
