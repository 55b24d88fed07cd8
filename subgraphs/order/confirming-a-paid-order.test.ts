import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Orders, openOrders } from './order.testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const eventsOf = async (orderId: string) =>
  (await it.agents.events()).filter((event) => event.aggregate_id === orderId);
const types = (order: { timeline: { type: string }[] }) => order.timeline.map((entry) => entry.type);

describe('a step of the saga', () => {
  test('that confirms a paid order moves it on twice at once, with an event for each, and its replay changes nothing', async () => {
    const id = await it.placed();
    for (let n = 0; n < 2; n++)
      expect(await it.confirmPaid(id, ['STOCK_RESERVED', 'PAYMENT_CAPTURED'])).toEqual({
        status: 'PROCESSING',
        userErrors: [],
      });
    expect(await it.read(id)).toMatchObject({ status: 'PROCESSING', paymentStatus: 'CAPTURED', version: 3 });
    expect(types(await it.read(id))).toEqual([
      'PLACED',
      'STOCK_RESERVED',
      'PAYMENT_CAPTURED',
      'CONFIRMED',
      'PROCESSING',
    ]);
    const moved = (await eventsOf(id))
      .slice(1)
      .map(({ aggregate_version, payload }) => [aggregate_version, payload.oldStatus, payload.newStatus]);
    expect(moved).toEqual([
      [2, 'PENDING', 'CONFIRMED'],
      [3, 'CONFIRMED', 'PROCESSING'],
    ]);
  });

  test('that confirms a paid order leaves one alone that is being cancelled, and refuses nothing', async () => {
    const id = await it.placed();
    await it.cancel(id);
    expect(await it.confirmPaid(id)).toEqual({ status: 'PENDING', userErrors: [] });
    await it.completeCancellation({ orderId: id, reason: 'OTHER', paymentStatus: 'REFUNDED' });
    expect(await it.confirmPaid(id)).toEqual({ status: 'CANCELLED', userErrors: [] });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'REFUNDED', version: 3 });
  });
});
