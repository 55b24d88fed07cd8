import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lock } from '../../platform/data/locks.ts';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { lockOf } from '../../subgraphs/payment/record.ts';
import { operator } from '../support/agents.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { Chance } from '../support/random.ts';
import {
  actionRequired,
  ADDRESS,
  available,
  cancel,
  charged,
  done,
  forSale,
  newCustomer,
  paymentOf,
  place,
  placed,
  read,
  sagaEnds,
  sagasEnd,
  settled,
} from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

test('of fifty buyers of the last unit one gets it, and every other one is told why not', async () => {
  const variantId = await forSale(shop, { stock: 1 });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => place(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer())),
  );
  const refused = answers.filter(({ data }) => data.placeOrder.order === null);
  for (const { data } of refused) {
    expect(data.placeOrder.userErrors).toMatchObject([
      { code: 'INSUFFICIENT_STOCK', __typename: 'InsufficientStock', available: 0, variantId },
    ]);
  }
  const accepted = answers.flatMap(({ data }) => data.placeOrder.order?.id ?? []);
  const ended = await Promise.all(accepted.map((id) => settled(shop, id, 'PROCESSING', 'CANCELLED')));
  expect(ended.filter((order) => order.status === 'PROCESSING')).toHaveLength(1);
  for (const order of ended) {
    if (order.status === 'PROCESSING') continue;
    expect(order).toMatchObject({ cancellationReason: 'INSUFFICIENT_STOCK', payments: [] });
    await sagaEnds(shop, order.id, 'COMPENSATED');
  }
  expect(accepted.length + refused.length).toBe(50);
  expect(await available(shop, variantId)).toBe(0);
  expect(await inventoryViolations(shop.kysely)).toEqual([]);
  expect(await paymentViolations(shop.kysely)).toEqual([]);
  const captures = await shop.kysely
    .selectFrom('payment.simulator_entry')
    .select('reference')
    .where('kind', '=', 'CAPTURE')
    .execute();
  expect(captures).toHaveLength(1);
});

test('demand is summed over the lines before it is compared with the stock', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const lines = [
    { variantId, quantity: 3 },
    { variantId, quantity: 3 },
  ];
  const { data } = await place(shop, { lines }, newCustomer());
  expect(data.placeOrder).toMatchObject({
    order: null,
    userErrors: [{ code: 'INSUFFICIENT_STOCK', available: 5, variantId }],
  });
  expect(await available(shop, variantId)).toBe(5);
});

test('one buyer places fifty orders at once, and all of them are carried out', async () => {
  const variantId = await forSale(shop, { stock: 60 });
  const buyer = newCustomer();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => place(shop, { lines: [{ variantId, quantity: 1 }] }, buyer)),
  );
  const ids = answers.map(({ data }) => data.placeOrder.order.id as string);
  expect(new Set(ids).size).toBe(50);
  await Promise.all(ids.map((id) => settled(shop, id, 'PROCESSING')));
  expect(await available(shop, variantId)).toBe(10);
  expect(await inventoryViolations(shop.kysely)).toEqual([]);
});

describe('an order that keeps the last unit until its buyer confirms the payment', () => {
  const PLACE_AGAIN = `mutation ($cancel: CancelOrderInput!, $place: PlaceOrderInput!) {
    cancelOrder(input: $cancel) { userErrors { code } }
    placeOrder(input: $place) { order { id } userErrors { code message path } } }`;
  const CONFIRM = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { payment { status } userErrors { code } } }`;

  const waiting = async () => {
    const [buyer, variantId] = [newCustomer(), await forSale(shop, { stock: 1 })];
    const lines = [{ variantId, quantity: 1 }];
    const { order } = await placed(shop, { lines, token: 'tok_3ds' }, buyer);
    const { version } = await actionRequired(shop, order.id);
    const paymentId = await paymentOf(shop, order.id);
    return {
      buyer,
      variantId,
      lines,
      orderId: order.id,
      number: order.number,
      version,
      paymentId,
    };
  };
  const confirm = async (paymentId: string, buyer: ReturnType<typeof newCustomer>) =>
    (await shop.ask(CONFIRM, { input: { paymentId, idempotencyKey: newId('key') } }, buyer)).data.confirmPayment;
  const captures = async (reference: string): Promise<number> =>
    (
      await shop.kysely
        .selectFrom('payment.simulator_entry')
        .select('kind')
        .where('reference', '=', reference)
        .where('kind', '=', 'CAPTURE')
        .execute()
    ).length;

  test('and is cancelled leaves that unit to its buyer’s next order once the cancellation is through, and no sooner', async () => {
    const { buyer, variantId, lines, orderId, number, paymentId } = await waiting();
    const [early] = (await place(shop, { lines }, buyer)).data.placeOrder.userErrors;
    expect(early).toMatchObject({
      code: 'INSUFFICIENT_STOCK',
      message: expect.stringMatching(
        `is sold out. Your order ${number} keeps some until it is paid: go on with it, or cancel it and try again.`,
      ),
    });
    const input = { lines, shippingAddress: ADDRESS, payment: { token: 'tok_ok' } };
    const answer = await shop.kysely.transaction().execute(async (blocking) => {
      // The cancellation cannot be faster than the same request's second field.
      await lock(blocking, [lockOf(orderId)]);
      const cancelled = { orderId, idempotencyKey: newId('key') };
      return shop.ask(PLACE_AGAIN, { cancel: cancelled, place: { ...input, idempotencyKey: newId('key') } }, buyer);
    });
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      cancelOrder: { userErrors: [] },
      placeOrder: {
        order: null,
        userErrors: [
          {
            code: 'INSUFFICIENT_STOCK',
            message: expect.stringMatching(
              `is sold out. Your order ${number}, which is being cancelled, still keeps some: try again in a moment.`,
            ),
            path: ['input', 'lines', '0', 'quantity'],
          },
        ],
      },
    });
    await settled(shop, orderId, 'CANCELLED');
    await sagasEnd(shop, orderId);
    const next = await placed(shop, { lines }, buyer);
    await settled(shop, next.order.id, 'PROCESSING');
    const { stockLevels } = await done(
      shop.ask(`{ stockLevels(variantId: "${variantId}") { onHand reserved } }`, {}, operator),
    );
    expect(stockLevels).toEqual([{ onHand: 1, reserved: 1 }]);
    expect((await confirm(paymentId, buyer)).userErrors).toEqual([{ code: 'PAYMENT_CANCELLED' }]);
    expect(await read(shop, orderId)).toMatchObject({
      status: 'CANCELLED',
      paymentStatus: 'VOIDED',
      payments: [{ status: 'VOIDED', capturedAmount: { minor: '0' } }],
    });
    expect(await captures(paymentId)).toBe(0);
  });

  test('goes on if its buyer confirmed before a cancellation that expects it as it was, which is refused', async () => {
    const { buyer, variantId, orderId, version, paymentId } = await waiting();
    expect((await confirm(paymentId, buyer)).userErrors).toEqual([]);
    const before = await settled(shop, orderId, 'PROCESSING');
    expect(await cancel(shop, orderId, buyer, { expectedVersion: version })).toMatchObject({
      order: null,
      saga: null,
      userErrors: [{ code: 'VERSION_CONFLICT' }],
    });
    await sagasEnd(shop, orderId);
    expect(await read(shop, orderId)).toMatchObject({
      status: 'PROCESSING',
      cancellationReason: null,
      version: before.version,
    });
    expect(await captures(paymentId)).toBe(1);
    expect(await available(shop, variantId)).toBe(0);
  });

  test('and is confirmed and cancelled at once is either cancelled with nothing kept, or goes on and the cancellation says so', async () => {
    const chance = new Chance(6);
    const later = async <T>(work: () => Promise<T>): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, chance.next() * 60));
      return work();
    };
    const round = async (n: number) => {
      const { buyer, variantId, orderId, version, paymentId } = await waiting();
      const [confirmed, cancelled] = await Promise.all([
        later(() => confirm(paymentId, buyer)),
        later(() => cancel(shop, orderId, buyer, n % 2 ? { expectedVersion: version } : {})),
      ]);
      await sagasEnd(shop, orderId);
      const { status, paymentStatus, payments, total } = await read(shop, orderId);
      expect([[], [{ code: 'PAYMENT_CANCELLED' }]]).toContainEqual(confirmed.userErrors);
      const isRefused = cancelled.userErrors.length > 0;
      if (isRefused) expect(cancelled.userErrors).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
      expect({ orderId, status, charged: charged({ payments }), left: await available(shop, variantId) }).toEqual({
        orderId,
        status: isRefused ? 'PROCESSING' : 'CANCELLED',
        charged: isRefused ? BigInt(total.minor) : 0n,
        left: isRefused ? 0 : 1,
      });
      expect(isRefused ? ['CAPTURED'] : ['VOIDED', 'REFUNDED']).toContain(paymentStatus);
      expect(payments.map((payment: { status: string }) => payment.status)).toEqual([paymentStatus]);
    };
    await Promise.all(Array.from({ length: 12 }, (_, n) => round(n)));
    expect(await inventoryViolations(shop.kysely)).toEqual([]);
    expect(await paymentViolations(shop.kysely)).toEqual([]);
  });
});
