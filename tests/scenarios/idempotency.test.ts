import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { countOf } from '../../platform/data/count.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { available, forSale, newCustomer, place, settled } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const ordersIn = () => countOf(shop.kysely.selectFrom('order.orders'));

test('one key twenty times at once is one order, and twenty answers with its id', async () => {
  const variantId = await forSale(shop, { stock: 100 });
  const buyer = newCustomer();
  const before = await ordersIn();
  const input = { lines: [{ variantId, quantity: 2 }], idempotencyKey: 'twenty' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => place(shop, input, buyer)));
  const ids = new Set(answers.map(({ data }) => data.placeOrder.order.id as string));
  expect(ids.size).toBe(1);
  expect(await ordersIn()).toBe(before + 1);
  await settled(shop, [...ids][0]!, 'PROCESSING');
  expect(await available(shop, variantId)).toBe(98);

  // The order has moved on, but the answer is the same order; and stock that is gone meanwhile makes no refusal of it.
  await shop.kysely.updateTable('product.product').set({ status: 'ARCHIVED' }).execute();
  const again = await place(shop, input, buyer);
  await shop.kysely.updateTable('product.product').set({ status: 'ACTIVE' }).execute();
  expect(again.data.placeOrder).toMatchObject({ order: { id: [...ids][0], status: 'PROCESSING' }, userErrors: [] });
});

test('the key with another request is refused, and nothing is written', async () => {
  const variantId = await forSale(shop, { stock: 10 });
  const buyer = newCustomer();
  const first = await place(shop, { lines: [{ variantId, quantity: 1 }], idempotencyKey: 'mine' }, buyer);
  await settled(shop, first.data.placeOrder.order.id, 'PROCESSING');
  const before = await ordersIn();
  const other = await place(shop, { lines: [{ variantId, quantity: 2 }], idempotencyKey: 'mine' }, buyer);
  expect(other.data.placeOrder).toMatchObject({
    order: null,
    userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', path: ['input', 'idempotencyKey'] }],
  });
  expect(await ordersIn()).toBe(before);
});

test("another customer's equal key is another key", async () => {
  const variantId = await forSale(shop, { stock: 10 });
  const input = { lines: [{ variantId, quantity: 1 }], idempotencyKey: 'common' };
  const [one, two] = await Promise.all([place(shop, input, newCustomer()), place(shop, input, newCustomer())]);
  expect(one.data.placeOrder.order.id).not.toBe(two.data.placeOrder.order.id);
});

test('a refused request leaves its key free', async () => {
  const variantId = await forSale(shop, { stock: 1 });
  const buyer = newCustomer();
  const refused = await place(shop, { lines: [{ variantId, quantity: 2 }], idempotencyKey: 'again' }, buyer);
  expect(refused.data.placeOrder.userErrors).toMatchObject([{ code: 'INSUFFICIENT_STOCK' }]);
  const accepted = await place(shop, { lines: [{ variantId, quantity: 1 }], idempotencyKey: 'again' }, buyer);
  expect(accepted.data.placeOrder.userErrors).toEqual([]);
});
