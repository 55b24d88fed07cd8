import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { operator } from '../support/agents.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import {
  ADDRESS,
  available,
  CANCEL,
  cancel,
  charged,
  forSale,
  newCustomer,
  placed,
  read,
  sagasEnd,
  settled,
} from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform({ config: { PAYMENT_TIMEOUT_MS: '2000' } });
});
afterAll(() => shop.close());
afterEach(async () => {
  // At rest: sagas and payments under way when a test has seen enough go on.
  await untilAnswer(
    () => paymentViolations(shop.kysely),
    (violations) => violations.length === 0,
    'the payments do not add up',
  );
  expect(await inventoryViolations(shop.kysely)).toEqual([]);
});

const types = (order: { timeline: { type: string }[] }): string[] => order.timeline.map((entry) => entry.type);

const buy = async (token = 'tok_ok') => {
  const variantId = await forSale(shop, { stock: 5 });
  const buyer = newCustomer();
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }], token }, buyer);
  return { orderId: order.id, variantId, buyer };
};

test('an order whose payment is on its way is cancelled: nothing is charged in the end, the stock is free', async () => {
  const { orderId, variantId, buyer } = await buy('tok_slow');
  await untilAnswer(
    () => available(shop, variantId),
    (left) => left === 3,
    'nothing is reserved',
  );
  const answer = await cancel(shop, orderId, buyer, { reason: 'found it cheaper' });
  expect(answer).toMatchObject({
    order: { status: 'PENDING', cancellationReason: 'CUSTOMER_REQUEST' },
    saga: { name: 'cancelOrder' },
    userErrors: [],
  });
  const ended = await settled(shop, orderId, 'CANCELLED');
  expect(ended.cancellationReason).toBe('CUSTOMER_REQUEST');
  await sagasEnd(shop, orderId);
  const at = await read(shop, orderId);
  // Voided if the cancellation came first, and given back if the charge did.
  expect([
    ['VOIDED', 'COMPENSATED'],
    ['REFUNDED', 'COMPLETED'],
    ['REFUNDED', 'COMPENSATED'],
  ]).toContainEqual([at.paymentStatus, at.saga.status]);
  expect(charged(at)).toBe(0n);
  expect(types(at)).not.toContain('PAYMENT_REFUSED');
  expect(types(at).at(-1)).toBe('CANCELLED');
  expect(await available(shop, variantId)).toBe(5);
});

test('an order whose buyer must still confirm the payment is cancelled, and its payment voided', async () => {
  const { orderId, variantId, buyer } = await buy('tok_3ds');
  await untilAnswer(
    () => read(shop, orderId),
    (order) => order.paymentStatus === 'REQUIRES_ACTION',
    'no action is required',
  );
  expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
  const ended = await settled(shop, orderId, 'CANCELLED');
  expect(ended).toMatchObject({ paymentStatus: 'VOIDED', cancellationReason: 'CUSTOMER_REQUEST' });
  await sagasEnd(shop, orderId);
  expect((await read(shop, orderId)).payments).toMatchObject([{ status: 'VOIDED', capturedAmount: { minor: '0' } }]);
  expect(types(ended)).not.toContain('PAYMENT_REFUSED');
  expect(await available(shop, variantId)).toBe(5);
});

test('a paid order is cancelled: the money is refunded, the stock is free', async () => {
  const { orderId, variantId, buyer } = await buy();
  const before = await settled(shop, orderId, 'PROCESSING');
  expect(charged(before)).toBe(BigInt(before.total.minor));
  expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
  const ended = await settled(shop, orderId, 'CANCELLED');
  expect(ended).toMatchObject({ paymentStatus: 'REFUNDED', cancellationReason: 'CUSTOMER_REQUEST' });
  expect(charged(ended)).toBe(0n);
  expect(types(ended)).toEqual([
    'PLACED',
    'STOCK_RESERVED',
    'PAYMENT_CAPTURED',
    'CONFIRMED',
    'PROCESSING',
    'CANCELLATION_REQUESTED',
    'PAYMENT_REFUNDED',
    'STOCK_RELEASED',
    'CANCELLED',
  ]);
  expect(await available(shop, variantId)).toBe(5);
  // The saga that placed the order did its work: another one undid it.
  expect(ended.saga.status).toBe('COMPLETED');
  await sagasEnd(shop, orderId);
});

test('an order whose money was taken without an answer is cancelled, and all of it is given back, once', async () => {
  const { orderId, variantId, buyer } = await buy('tok_capture_timeout');
  const moves = async (): Promise<string[]> => {
    const rows = await shop.kysely
      .selectFrom('payment.simulator_entry as e')
      .innerJoin('payment.payment as p', 'p.id', 'e.reference')
      .select('e.kind')
      .where('p.order_id', '=', orderId)
      .execute();
    return rows.map(({ kind }) => kind).sort();
  };
  await untilAnswer(moves, (made) => made.includes('CAPTURE'), 'nothing is taken');
  expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
  const ended = await settled(shop, orderId, 'CANCELLED');
  expect(ended).toMatchObject({ paymentStatus: 'REFUNDED', cancellationReason: 'CUSTOMER_REQUEST' });
  await sagasEnd(shop, orderId);
  const last = await read(shop, orderId);
  expect(last.payments).toMatchObject([{ status: 'REFUNDED' }]);
  expect(charged(last)).toBe(0n);
  expect(await moves()).toEqual(['AUTHORISE', 'CAPTURE', 'REFUND']);
  expect(await available(shop, variantId)).toBe(5);
});

test('staff cancel for the merchant, and the reason says so', async () => {
  const { orderId } = await buy();
  await settled(shop, orderId, 'PROCESSING');
  expect((await cancel(shop, orderId, operator)).order.cancellationReason).toBe('MERCHANT_REQUEST');
  expect((await settled(shop, orderId, 'CANCELLED')).cancellationReason).toBe('MERCHANT_REQUEST');
  await sagasEnd(shop, orderId);
});

test('a guest cancels with the token of the order, and no other order', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const lines = [{ variantId, quantity: 1 }];
  const [mine, other] = [
    await placed(shop, { lines, email: 'one@example.com' }),
    await placed(shop, { lines, email: 'two@example.com' }),
  ];
  await Promise.all([mine, other].map(({ order }) => settled(shop, order.id, 'PROCESSING')));
  const asGuest = async (orderId: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${mine.orderToken}` };
    const body = JSON.stringify({ query: CANCEL, variables: { input: { orderId, idempotencyKey: 'mine' } } });
    const answer = await fetch(shop.url, { method: 'POST', headers, body });
    return ((await answer.json()) as { data: any }).data.cancelOrder;
  };
  expect((await asGuest(other.order.id)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  expect((await asGuest(mine.order.id)).userErrors).toEqual([]);
  expect((await settled(shop, mine.order.id, 'CANCELLED')).cancellationReason).toBe('CUSTOMER_REQUEST');
  expect((await read(shop, other.order.id)).status).toBe('PROCESSING');
  expect(await available(shop, variantId)).toBe(4);
  await sagasEnd(shop, mine.order.id);
});

test('of many requests at once one is accepted; the same key again gets the same answer', async () => {
  const { orderId, buyer } = await buy();
  await settled(shop, orderId, 'PROCESSING');
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => cancel(shop, orderId, buyer, { idempotencyKey: `key ${n % 4}` })),
  );
  const taken = answers.filter(({ userErrors }) => userErrors.length === 0);
  expect(taken).toHaveLength(2);
  for (const { userErrors } of answers)
    if (userErrors.length) expect(userErrors).toMatchObject([{ code: 'ORDER_CANCELLED' }]);
  await settled(shop, orderId, 'CANCELLED');
  await sagasEnd(shop, orderId);
});

test.each(['tok_slow', 'tok_3ds', 'tok_ok', 'tok_timeout'])(
  'an order (%s) that is cancelled at once ends as its payment does: voided, or refunded, or never begun',
  async (token) => {
    const { orderId, buyer } = await buy(token);
    expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
    await sagasEnd(shop, orderId);
    const { status, paymentStatus, payments } = await read(shop, orderId);
    expect([status, paymentStatus]).toEqual(['CANCELLED', payments[0]?.status ?? 'VOIDED']);
    expect(['VOIDED', 'REFUNDED']).toContain(paymentStatus);
  },
);

/** A pseudorandom generator, the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('of forty orders, most cancelled at some moment, each ends as one thing or the other, and everything adds up', async () => {
  const next = random(20_260_601);
  const tokens = ['tok_ok', 'tok_ok', 'tok_ok', 'tok_slow', 'tok_declined', 'tok_capture_fails'];
  const stock = 200;
  const variants = [await forSale(shop, { stock }), await forSale(shop, { stock, price: '3.33' })];
  const lives = Array.from({ length: 40 }, () => ({
    buyer: newCustomer(),
    token: tokens[Math.floor(next() * tokens.length)]!,
    lines: variants
      .slice(0, 1 + Math.floor(next() * 2))
      .map((variantId) => ({ variantId, quantity: 1 + Math.floor(next() * 2) })),
    placedAfter: next() * 1500,
    cancelledAfter: next() < 0.85 ? next() * 800 : undefined,
  }));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const ids = await Promise.all(
    lives.map(async ({ buyer, token, lines, placedAfter, cancelledAfter }) => {
      await wait(placedAfter);
      const { order } = await placed(shop, { lines, token, shippingAddress: ADDRESS }, buyer);
      if (cancelledAfter === undefined) return order.id;
      await wait(cancelledAfter);
      const { userErrors } = await cancel(shop, order.id, buyer);
      expect(userErrors.map(({ code }: { code: string }) => code)).toEqual(
        userErrors.length ? ['ORDER_CANCELLED'] : [],
      );
      return order.id;
    }),
  );
  await Promise.all(ids.map((id) => sagasEnd(shop, id)));

  const sold = new Map(variants.map((id) => [id, 0]));
  for (const [n, id] of ids.entries()) {
    const order = await read(shop, id);
    expectConsistent(order);
    if (['tok_ok', 'tok_slow'].includes(lives[n]!.token))
      expect(types(order).filter((type) => type.endsWith('_REFUSED'))).toEqual([]);
    if (order.status === 'PROCESSING')
      for (const { variantId, quantity } of lives[n]!.lines) sold.set(variantId, sold.get(variantId)! + quantity);
  }
  for (const variantId of variants) expect(await available(shop, variantId)).toBe(stock - sold.get(variantId)!);
});

/** Checks that an ended order, its payments and its timeline agree. */
function expectConsistent(order: any): void {
  const told = types(order);
  const has = (type: string) => told.includes(type);
  const story = `${order.id}: ${told.join(' ')}`;
  // Where no payment was begun nothing was taken.
  const status = order.payments[0]?.status ?? 'VOIDED';
  expect([story, told[0], told.at(-1)]).toEqual([story, 'PLACED', order.status]);
  expect([story, new Set(told).size]).toEqual([story, told.length]);
  const times = order.timeline.map((entry: { occurredAt: string }) => entry.occurredAt);
  expect(times).toEqual([...times].sort());
  if (order.status === 'PROCESSING') {
    expect([story, charged(order), status, order.paymentStatus]).toEqual([
      story,
      BigInt(order.total.minor),
      'CAPTURED',
      'CAPTURED',
    ]);
    expect([story, has('CANCELLATION_REQUESTED'), order.cancellationReason]).toEqual([story, false, null]);
    return;
  }
  expect([story, order.status, charged(order)]).toEqual([story, 'CANCELLED', 0n]);
  expect([story, order.cancellationReason]).not.toEqual([story, null]);
  expect([story, has('PAYMENT_REFUNDED')]).toEqual([story, order.paymentStatus === 'REFUNDED']);
  expect([story, order.paymentStatus]).toEqual([story, status]);
  if (order.cancellationReason === 'CUSTOMER_REQUEST')
    expect([story, has('CANCELLATION_REQUESTED')]).toEqual([story, true]);
}
