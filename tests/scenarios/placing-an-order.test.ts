import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Actor } from '../../platform/identity/actor.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { lock } from '../../platform/data/locks.ts';
import { actor } from '../support/agents.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { available, done, forSale, newCustomer, place, placed, read, sagaEnds, settled } from '../support/shop.ts';
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

const types = (order: { timeline: { type: string }[] }) => order.timeline.map((entry) => entry.type);

test('an order that can be paid is confirmed, charged once, and its stock is reserved', async () => {
  const variantId = await forSale(shop, { price: '19.99', stock: 10 });
  const buyer = newCustomer();
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 3 }] }, buyer);
  const ended = await settled(shop, order.id, 'PROCESSING');
  expect(ended).toMatchObject({ paymentStatus: 'CAPTURED', version: 3 });
  await sagaEnds(shop, order.id, 'COMPLETED');
  expect(types(ended)).toEqual(['PLACED', 'STOCK_RESERVED', 'PAYMENT_CAPTURED', 'CONFIRMED', 'PROCESSING']);
  expect(ended.payments).toEqual([
    {
      status: 'CAPTURED',
      amount: { minor: ended.total.minor },
      capturedAmount: { minor: ended.total.minor },
      refundedAmount: { minor: '0' },
    },
  ]);
  expect(await available(shop, variantId)).toBe(7);
});

test('the totals of an order add up, line by line and as a whole', async () => {
  const lines = await Promise.all(
    ['0.07', '19.99', '1234.56'].map(async (price) => ({ variantId: await forSale(shop, { price }), quantity: 7 })),
  );
  const { order } = await placed(shop, { lines }, newCustomer());
  const { subtotal, discount, shipping, tax, total, ...rest } = await read(shop, order.id);
  const [s, d, h, t, sum] = [subtotal, discount, shipping, tax, total].map(({ minor }) => BigInt(minor));
  expect(sum).toBe(s! - d! + h! + t!);
  expect(s).toBe(7n * (7n + 1999n + 123_456n));
  expect(
    rest.lines.reduce((all: bigint, line: { total: { minor: string } }) => all + BigInt(line.total.minor), 0n),
  ).toBeLessThanOrEqual(sum!);
});

test('a declined card cancels the order: its stock is free again and nothing was charged', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 5 }], token: 'tok_declined' }, newCustomer());
  const ended = await settled(shop, order.id, 'CANCELLED');
  expect(ended).toMatchObject({
    cancellationReason: 'PAYMENT_DECLINED',
    paymentStatus: 'FAILED',
    saga: { refusal: 'PAYMENT_DECLINED' },
  });
  await sagaEnds(shop, order.id, 'COMPENSATED');
  expect(types(ended)).toEqual(['PLACED', 'STOCK_RESERVED', 'PAYMENT_REFUSED', 'STOCK_RELEASED', 'CANCELLED']);
  expect(ended.payments).toMatchObject([{ status: 'FAILED', capturedAmount: { minor: '0' } }]);
  expect(await available(shop, variantId)).toBe(5);
});

test('a capture that fails cancels the order: the authorisation is voided, the stock is free', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const { order } = await placed(
    shop,
    { lines: [{ variantId, quantity: 2 }], token: 'tok_capture_fails' },
    newCustomer(),
  );
  const ended = await settled(shop, order.id, 'CANCELLED');
  expect(ended).toMatchObject({ cancellationReason: 'PAYMENT_FAILED', paymentStatus: 'VOIDED' });
  await sagaEnds(shop, order.id, 'COMPENSATED');
  expect(types(ended)).toEqual([
    'PLACED',
    'STOCK_RESERVED',
    'PAYMENT_REFUSED',
    'PAYMENT_VOIDED',
    'STOCK_RELEASED',
    'CANCELLED',
  ]);
  expect(ended.payments).toMatchObject([{ status: 'VOIDED', capturedAmount: { minor: '0' } }]);
  expect(await available(shop, variantId)).toBe(5);
});

test.each(['tok_timeout', 'tok_capture_timeout'])(
  'a lost answer of the provider (%s) is found by reconciliation: the order is charged once',
  async (token) => {
    const variantId = await forSale(shop);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, newCustomer());
    const ended = await settled(shop, order.id, 'PROCESSING', 'CANCELLED');
    expect(ended.status).toBe('PROCESSING');
    const slow = ended.saga.steps.find((step: { attempts: number }) => step.attempts > 1);
    expect(slow).toMatchObject({ name: 'pay', status: 'DONE' });
    expect(
      await shop.kysely
        .selectFrom('payment.simulator_entry')
        .select('kind')
        .where('reference', '=', await referenceOf(order.id))
        .where('kind', '=', 'CAPTURE')
        .execute(),
    ).toHaveLength(1);
  },
);

const referenceOf = async (orderId: string): Promise<string> =>
  (
    await shop.kysely
      .selectFrom('payment.payment')
      .select('id')
      .where('order_id', '=', orderId)
      .executeTakeFirstOrThrow()
  ).id;

describe('a payment that its buyer must confirm', () => {
  const waiting = async () => {
    const variantId = await forSale(shop, { stock: 3 });
    const buyer = newCustomer();
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_3ds' }, buyer);
    const updated = shop.watch(
      `subscription ($id: ID) { orderUpdated(orderId: $id) { type order { paymentStatus } } }`,
      { id: order.id },
      buyer,
    );
    await updated.until((events) =>
      events.some(({ data }) => data.orderUpdated.type === 'order.payment_status_changed'),
    );
    await updated.stop();
    return { orderId: order.id, variantId, buyer };
  };

  test('waits, visibly, and goes on when it is confirmed', async () => {
    const { orderId, buyer } = await waiting();
    const { order } = await done(
      shop.ask(
        `query ($id: ID) { order(id: $id) { status paymentStatus payments { id nextAction { url } } timeline { type } } }`,
        { id: orderId },
        buyer,
      ),
    );
    expect(order).toMatchObject({ status: 'PENDING', paymentStatus: 'REQUIRES_ACTION' });
    expect(types(order)).toContain('PAYMENT_ACTION_REQUIRED');
    expect(order.payments[0].nextAction.url).toEqual(expect.any(String));
    const confirm = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { payment { status } userErrors { code } } }`;
    await done(shop.ask(confirm, { input: { paymentId: order.payments[0].id, idempotencyKey: 'confirm' } }, buyer));
    expect((await settled(shop, orderId, 'PROCESSING')).paymentStatus).toBe('CAPTURED');
  });

  test('goes on also if its buyer is faster than the saga', async () => {
    const variantId = await forSale(shop);
    const buyer = newCustomer();
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_3ds' }, buyer);
    await shop.kysely.transaction().execute(async (blocking) => {
      // The saga cannot announce the action while its order is held here: by its lock, since a write would hold back the log.
      await lock(blocking, [order.id]);
      const { paymentStatus } = await untilAnswer(
        () => read(shop, order.id),
        ({ payments }) => payments[0]?.status === 'REQUIRES_ACTION',
        'there is nothing to confirm',
      );
      expect(paymentStatus).toBe('CREATED'); // The order's view: nothing was announced.
      const { id: paymentId } = await shop.kysely
        .selectFrom('payment.payment')
        .select('id')
        .where('order_id', '=', order.id)
        .executeTakeFirstOrThrow();
      const confirm = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;
      await done(shop.ask(confirm, { input: { paymentId, idempotencyKey: 'fast' } }, buyer));
      await consumed('orchestration');
    });
    await settled(shop, order.id, 'PROCESSING');
  });

  /** Waits until an agent has consumed every event that there is now. */
  const consumed = async (consumer: string) => {
    const { position } = await shop.kysely
      .selectFrom('platform.event_log')
      .select((eb) => eb.fn.max('position').as('position'))
      .where('type', '=', 'payment.authorized')
      .executeTakeFirstOrThrow();
    const cursor = () =>
      shop.kysely
        .selectFrom('platform.log_cursor')
        .select('position')
        .where('consumer', '=', consumer)
        .executeTakeFirstOrThrow();
    await untilAnswer(cursor, (at) => BigInt(at.position) >= BigInt(position), 'the event is not read');
  };

  test('is voided when the order is cancelled meanwhile', async () => {
    const { orderId, buyer, variantId } = await waiting();
    const cancel = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
    await done(shop.ask(cancel, { input: { orderId, idempotencyKey: 'cancel' } }, buyer));
    expect(await settled(shop, orderId, 'CANCELLED')).toMatchObject({ cancellationReason: 'CUSTOMER_REQUEST' });
    expect(await available(shop, variantId)).toBe(3);
    await sagaEnds(shop, orderId, 'COMPENSATED');
  });
});

describe('a guest', () => {
  test('orders with an e-mail address, and reads that order, and no other, with its token', async () => {
    const variantId = await forSale(shop);
    const mine = await placed(shop, { lines: [{ variantId, quantity: 1 }], email: 'guest@example.com' });
    const others = await placed(shop, { lines: [{ variantId, quantity: 1 }], email: 'other@example.com' });
    await settled(shop, mine.order.id, 'PROCESSING');
    await sagaEnds(shop, mine.order.id, 'COMPLETED');
    const asGuest = (query: string, variables: object) =>
      fetch(shop.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${mine.orderToken}` },
        body: JSON.stringify({ query, variables }),
      }).then((response) => response.json()) as Promise<{ data: Record<string, any> }>;
    const query = `query ($id: ID) { order(id: $id) { status email shippingAddress { city } payments { status } saga { status } } orders { nodes { id } } }`;
    const { data } = await asGuest(query, { id: mine.order.id });
    expect(data.order).toEqual({
      status: 'PROCESSING',
      email: 'guest@example.com',
      shippingAddress: { city: 'Paris' },
      payments: [{ status: 'CAPTURED' }],
      saga: { status: 'COMPLETED' },
    });
    expect(data.orders.nodes).toEqual([{ id: mine.order.id }]);
    expect((await asGuest(query, { id: others.order.id })).data.order).toBeNull();
  });

  test('without an e-mail address is told to give one, and nothing is written', async () => {
    const variantId = await forSale(shop);
    const { data } = await place(shop, { lines: [{ variantId, quantity: 1 }] });
    expect(data.placeOrder).toMatchObject({
      order: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'email'] }],
    });
  });

  test('cannot be impersonated: without its token its order does not exist', async () => {
    const variantId = await forSale(shop);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], email: 'guest@example.com' });
    const nobody = await shop.ask(`query ($id: ID) { order(id: $id) { id } }`, { id: order.id });
    expect(nobody.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    const other = new Actor({ id: 'user_other', roles: ['CUSTOMER'], customerId: 'customer_other' });
    expect(
      (await done(shop.ask(`query ($id: ID) { order(id: $id) { id } }`, { id: order.id }, other))).order,
    ).toBeNull();
  });
});

test('a cart becomes one order, and no second one', async () => {
  const variantId = await forSale(shop, { price: '5.00', stock: 50 });
  const buyer = newCustomer();
  const cart = `cart { id lines { quantity variant { id } } totals(country: "FR") { total { amount } } } userErrors { code message }`;
  const { createCart } = await done(
    shop.ask(
      `mutation ($input: CreateCartInput!) { createCart(input: $input) { ${cart} } }`,
      { input: { lines: [{ variantId, quantity: 1 }] } },
      buyer,
    ),
  );
  const cartId = createCart.cart.id;
  const { addToCart } = await done(
    shop.ask(
      `mutation ($input: AddToCartInput!) { addToCart(input: $input) { ${cart} } }`,
      { input: { cartId, variantId, quantity: 2 } },
      buyer,
    ),
  );
  expect(addToCart.cart.lines).toEqual([{ quantity: 3, variant: { id: variantId } }]);
  const stranger = await shop.ask(`query ($id: ID!) { cart(id: $id) { id } }`, { id: cartId }, newCustomer());
  expect(stranger.data.cart).toBeNull();
  const expectedTotal = { amount: addToCart.cart.totals.total.amount, currency: 'EUR' };
  const answers = await Promise.all([1, 2, 3].map(() => place(shop, { cartId, expectedTotal }, buyer)));
  const accepted = answers.filter((answer) => answer.data.placeOrder.order);
  expect(accepted).toHaveLength(1);
  for (const answer of answers)
    if (answer !== accepted[0]) expect(answer.data.placeOrder.userErrors).toMatchObject([{ code: 'CART_ORDERED' }]);
  expect((await settled(shop, accepted[0]!.data.placeOrder.order.id, 'PROCESSING')).lines[0].quantity).toBe(3);
});

test('a viewer reads every order and may cancel none', async () => {
  const variantId = await forSale(shop);
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
  const viewer = actor({ roles: ['VIEWER'] });
  expect((await read(shop, order.id, viewer)).id).toBe(order.id);
  const { data } = await shop.ask(
    `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`,
    { input: { orderId: order.id, idempotencyKey: 'x' } },
    viewer,
  );
  expect(data.cancelOrder.userErrors).toEqual([{ code: 'NOT_FOUND' }]);
});
