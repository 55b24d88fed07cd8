import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ADDRESS, NOW, type Orders, openOrders } from '../order.testing.ts';
import type { Priced } from '../price-lines.ts';
import { demoNumber, insertDemoOrder } from './insert.ts';
import { LIVES } from './lives.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const LINE = { variantId: 'variant_1', quantity: 2, sku: 'ONE', title: 'One', merchantId: 'merchant_a' };
const PRICED: Priced = {
  channel: 'default',
  currency: 'EUR',
  shippingOption: 'standard',
  lines: [{ ...LINE, unitPrice: 1000n, subtotal: 2000n, tax: 400n }],
  subtotal: 2000n,
  shipping: 0n,
  tax: 400n,
  taxes: [],
  total: 2400n,
};

test('a demo order is written with all its rows, and writing it again changes nothing', async () => {
  const life = LIVES.find(({ status }) => status === 'DELIVERED')!;
  const customer = { id: 'customer_1', email: 'ada@example.com', address: ADDRESS };
  const order = { n: 7, id: 'order_demo', life, customer, priced: PRICED, placedAt: NOW };
  const db = it.agents.kysely.withSchema('order');
  await insertDemoOrder(db, order);
  const read = await it.read(order.id);
  expect(read).toMatchObject({
    number: demoNumber(7),
    status: 'DELIVERED',
    paymentStatus: 'CAPTURED',
    email: customer.email,
    shippingAddress: { city: ADDRESS.city },
    total: { minor: '2400' },
    lines: [{ quantity: 2 }],
  });
  expect(read.timeline.map(({ type }: { type: string }) => type)).toEqual(life.story.map(([type]) => type));
  await insertDemoOrder(db, { ...order, customer: { ...customer, email: 'bob@example.com' } });
  expect(await it.read(order.id)).toEqual(read);
});
