/** The reports of an order's sagas to its timeline, for each course. */
import { expect, test } from '@jest/globals';
import type { Command } from '../../../platform/commands/ask.ts';
import { defineSaga, type SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import { type Engine, runSaga } from '../../../platform/sagas/run-saga.ts';
import type { TimelineEntryType } from '../commands/order.generated.ts';
import { cancelOrder } from './cancel-order.ts';
import { earlierPlaceOrder } from './earlier-place-order.ts';
import { placeOrder } from './place-order.ts';

const AT = '2026-05-31T23:59:00.000Z';
const NO = (code: string) => ({ userErrors: [{ code, message: 'No.' }] });
const NOTHING = { released: false };
const PLACED = { orderId: 'order_1', lines: [], paymentToken: 'tok_ok' };

/**
 * Runs a saga over agents with these answers, or else their usual ones. Returns its reports to the order at each step.
 */
async function toldBy(definition: SagaDefinition, answers: Record<string, object>): Promise<string[][]> {
  const told: string[][] = [];
  const ask = async ({ document }: Command<unknown, unknown>, { input }: { input: { story?: Told[] } }) => {
    const field = /\{\s*(\w+)/.exec(document)![1]!;
    if (input.story) told.push(input.story.map(({ tells, isRefusal }) => `${tells}${isRefusal ? ' (refused)' : ''}`));
    return { [field]: { userErrors: [], released: true, ...answers[field] } };
  };
  const engine: Engine = {
    id: `${definition.name}:order_1`,
    ask: ask as never,
    now: () => AT,
    step: async (_, work) => JSON.parse(JSON.stringify((await work()) ?? null)),
    stretch: (work) => work(async (_, ofStep) => ({ kept: await ofStep() })),
    receive: async () => {},
    carry: async () => undefined,
    callOff: async () => {},
  };
  await runSaga(definition, PLACED, engine);
  return told;
}
interface Told {
  tells: string;
  isRefusal: boolean;
}

const AUTHORISED = { authorisePayment: { payment: { status: 'AUTHORIZED' } } };
const CAPTURED = { capturePayment: { payment: { status: 'CAPTURED' } } };
const TO_CONFIRM = { authorisePayment: { payment: { status: 'REQUIRES_ACTION', actionExpiresInSeconds: 60 } } };
const CANCELLED = (outcome: string, status: string) => ({ cancelPayment: { outcome, payment: { status } } });
const LAST: [how: string, answers: Record<string, object>, told: string[]][] = [
  ['goes through', { ...AUTHORISED, ...CAPTURED }, ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED']],
  [
    'goes through once its buyer has confirmed the payment',
    { ...TO_CONFIRM, settlePaymentAction: { payment: { status: 'AUTHORIZED' } }, ...CAPTURED },
    ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED'],
  ],
  [
    'has no stock',
    { reserveStock: NO('INSUFFICIENT_STOCK'), releaseReservation: NOTHING },
    ['STOCK_REFUSED (refused)'],
  ],
  [
    'is declined',
    { authorisePayment: NO('PAYMENT_DECLINED'), ...CANCELLED('NOTHING', 'FAILED') },
    ['STOCK_RESERVED', 'PAYMENT_REFUSED (refused)', 'STOCK_RELEASED'],
  ],
  [
    'has its payment called off',
    { authorisePayment: NO('PAYMENT_CANCELLED'), ...CANCELLED('NOTHING', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_VOIDED (refused)', 'STOCK_RELEASED'],
  ],
  [
    'is never confirmed by its buyer',
    { ...TO_CONFIRM, settlePaymentAction: NO('PAYMENT_ACTION_EXPIRED'), ...CANCELLED('VOIDED', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_REFUSED (refused)', 'PAYMENT_VOIDED', 'STOCK_RELEASED'],
  ],
  [
    'cannot be captured',
    { ...AUTHORISED, capturePayment: NO('PAYMENT_FAILED'), ...CANCELLED('VOIDED', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_REFUSED (refused)', 'PAYMENT_VOIDED', 'STOCK_RELEASED'],
  ],
  [
    'is called off while it is captured',
    { ...AUTHORISED, capturePayment: NO('PAYMENT_CANCELLED'), ...CANCELLED('REFUNDED', 'REFUNDED') },
    ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_REFUNDED', 'STOCK_RELEASED'],
  ],
];

test.each(LAST)('an order that an earlier release accepted and that %s', async (_, answers, told) => {
  expect((await toldBy(earlierPlaceOrder, answers)).at(-1)).toEqual(told);
});

const CHARGED = { chargePayment: { payment: { status: 'CAPTURED' } } };
const TO_ACT = { chargePayment: { payment: { status: 'REQUIRES_ACTION', actionExpiresInSeconds: 60 } } };
const SETTLED = { settlePaymentAction: { payment: { status: 'AUTHORIZED' } } };
const LAST_NOW: [how: string, answers: Record<string, object>, told: string[]][] = [
  ['goes through', CHARGED, ['STOCK_RESERVED', 'PAYMENT_CAPTURED']],
  [
    'goes through once its buyer has confirmed the payment',
    { ...TO_ACT, ...SETTLED, ...CAPTURED },
    ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED'],
  ],
  [
    'has no stock',
    { reserveStock: NO('INSUFFICIENT_STOCK'), releaseReservation: NOTHING, cancelPayment: { outcome: 'NOTHING' } },
    ['STOCK_REFUSED (refused)'],
  ],
  [
    'is declined',
    { chargePayment: NO('PAYMENT_DECLINED'), ...CANCELLED('NOTHING', 'FAILED') },
    ['STOCK_RESERVED', 'PAYMENT_REFUSED (refused)', 'STOCK_RELEASED'],
  ],
  [
    'has its payment called off',
    { chargePayment: NO('PAYMENT_CANCELLED'), ...CANCELLED('NOTHING', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_VOIDED (refused)', 'STOCK_RELEASED'],
  ],
  [
    'is never confirmed by its buyer',
    { ...TO_ACT, settlePaymentAction: NO('PAYMENT_ACTION_EXPIRED'), ...CANCELLED('VOIDED', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_REFUSED (refused)', 'PAYMENT_VOIDED', 'STOCK_RELEASED'],
  ],
  [
    'is approved and cannot be captured',
    { chargePayment: NO('PAYMENT_FAILED'), ...CANCELLED('VOIDED', 'VOIDED') },
    ['STOCK_RESERVED', 'PAYMENT_REFUSED (refused)', 'PAYMENT_VOIDED', 'STOCK_RELEASED'],
  ],
  [
    'is not taken by the order agent',
    { ...CHARGED, confirmPaidOrder: NO('INVALID_STATE'), ...CANCELLED('REFUNDED', 'REFUNDED') },
    ['STOCK_RESERVED', 'PAYMENT_CAPTURED', 'PAYMENT_REFUNDED', 'STOCK_RELEASED'],
  ],
];

test.each(LAST_NOW)('an order that %s', async (_, answers, told) => {
  expect((await toldBy(placeOrder, answers)).at(-1)).toEqual(told);
});

test('an order whose payment waits for its buyer gets no report of an approval before', async () => {
  const [announced, confirmed] = await toldBy(placeOrder, { ...TO_ACT, ...SETTLED, ...CAPTURED });
  expect([announced, confirmed]).toEqual([
    ['STOCK_RESERVED'],
    ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED'],
  ]);
});

test.each([
  ['NOTHING', []],
  ['VOIDED', ['PAYMENT_VOIDED']],
  ['REFUNDED', ['PAYMENT_REFUNDED']],
])('a cancellation by which the payment is %s', async (outcome, told) => {
  const answers = { cancelPayment: { outcome, payment: null }, releaseReservation: { released: true } };
  expect(await toldBy(cancelOrder, answers)).toEqual([[...told, 'STOCK_RELEASED']]);
});

test('an entry that no timeline has does not compile', () => {
  const step = { name: 'reserve', agent: 'inventory', does: '.', run: async () => {} };
  const about = { name: 'wrong', description: '.' };
  const right = { ...step, tells: { done: 'STOCK_RESERVED' } } as const;
  const wrong = { ...step, tells: { done: 'STOCK_RESERVD' } } as const;
  expect(defineSaga<object, object, TimelineEntryType>({ ...about, steps: [right] }).steps).toEqual([right]);
  // @ts-expect-error This is no entry of order's timeline.
  expect(defineSaga<object, object, TimelineEntryType>({ ...about, steps: [wrong] }).steps).toEqual([wrong]);
  // @ts-expect-error A saga that does not declare its type of entries has none to report.
  expect(defineSaga<object, object>({ ...about, steps: [right] }).steps).toEqual([right]);
});
