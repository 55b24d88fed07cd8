import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { available, forSale, newCustomer, place, sagaEnds, settled } from '../support/shop.ts';

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
