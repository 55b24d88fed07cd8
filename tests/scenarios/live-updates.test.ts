import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actor } from '../support/agents.ts';
import { openPlatform, type TestPlatform, type Watch } from '../support/platform.ts';
import { forSale, newCustomer, placed, settled } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const UPDATED = `subscription ($orderId: ID, $after: String) { orderUpdated(orderId: $orderId, after: $after) {
  cursor type status version
  order { number lines { quantity variant { sku product { name } } } payments { status amount { amount currency } } }
} }`;
const statuses = (events: any[]) => events.map(({ data }) => data.orderUpdated.status);
const cursors = (events: any[]) => events.map(({ data }) => data.orderUpdated.cursor as string);

describe('a subscriber of orders', () => {
  test("sees every status of its own orders, joined with other agents' data, and no one else's", async () => {
    const variantId = await forSale(shop, { price: '12.00' });
    const [buyer, other] = [newCustomer(), newCustomer()];
    const mine = shop.watch(UPDATED, {}, buyer);
    const theirs = shop.watch(UPDATED, {}, other);
    await Promise.all([listening(mine, buyer, variantId), listening(theirs, other, variantId)]);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, buyer);
    const ofOrder = (all: any[]) => all.filter(({ data }) => data.orderUpdated.order.number === order.number);
    const events = ofOrder(await mine.until((all) => statuses(ofOrder(all)).includes('PROCESSING')));
    expect(statuses(events)).toEqual(['PENDING', 'CONFIRMED', 'PROCESSING']);
    expect(events.map(({ data }) => data.orderUpdated.version)).toEqual([1, 2, 3]);
    expect(events[2].data.orderUpdated.order).toEqual({
      number: order.number,
      lines: [
        {
          quantity: 2,
          variant: { sku: expect.stringMatching(/^TEST/), product: { name: expect.stringMatching(/^TEST/) } },
        },
      ],
      payments: [{ status: 'CAPTURED', amount: { amount: order.total.amount, currency: 'EUR' } }],
    });
    expect(theirs.events.some(({ data }) => data.orderUpdated.order.number === order.number)).toBe(false);
    await Promise.all([mine.stop(), theirs.stop()]);
  });

  test('that comes late sees one order from its beginning', async () => {
    const variantId = await forSale(shop);
    const buyer = newCustomer();
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
    await settled(shop, order.id, 'PROCESSING');
    const watch = shop.watch(UPDATED, { orderId: order.id }, buyer);
    expect(statuses(await watch.until((events) => events.length === 3))).toEqual([
      'PENDING',
      'CONFIRMED',
      'PROCESSING',
    ]);
    await watch.stop();
  });

  test('with an empty id sees no order; with null, all of its own', async () => {
    const variantId = await forSale(shop);
    const buyer = newCustomer();
    const none = shop.watch(UPDATED, { orderId: '' }, buyer);
    const all = shop.watch(UPDATED, { orderId: null }, buyer);
    await listening(all, buyer, variantId);
    expect(all.events).not.toEqual([]);
    expect(none.events).toEqual([]);
    await Promise.all([none.stop(), all.stop()]);
  });

  test('sees with each event the order as it is then, and not as it was when the subscription began', async () => {
    const variantId = await forSale(shop);
    const buyer = newCustomer();
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_slow' }, buyer);
    const NOW = `subscription ($id: ID) { orderUpdated(orderId: $id) { status order { status version timeline { type } } } }`;
    const watch = shop.watch(NOW, { id: order.id }, buyer);
    const [first, , last] = (await watch.until((events) => events.length === 3)).map(({ data }) => data.orderUpdated);
    expect(first).toEqual({
      status: 'PENDING',
      order: { status: 'PENDING', version: 1, timeline: [{ type: 'PLACED' }] },
    });
    expect(last.order).toMatchObject({ status: 'PROCESSING', version: 3 });
    expect(last.order.timeline.at(-1)).toEqual({ type: 'PROCESSING' });
    await watch.stop();
  });

  test("hears nothing of another customer's order, as if it did not exist", async () => {
    const variantId = await forSale(shop);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
    const stranger = shop.watch(UPDATED, { orderId: order.id }, newCustomer());
    await stranger.ended;
    expect(stranger.events).toEqual([]);
  });

  test('that is not signed in is refused', async () => {
    expect(await refusal(shop.watch(UPDATED, {}))).toBe('UNAUTHENTICATED');
  });
});

describe('a subscriber that is cut off and resumes with `after`', () => {
  test('misses no event and sees none twice, however often', async () => {
    const variantId = await forSale(shop, { stock: 500 });
    const buyer = newCustomer();
    const full = shop.watch(UPDATED, {}, buyer);
    await listening(full, buyer, variantId);
    const start = full.events.length;
    let after = cursors(full.events).at(-1)!;
    const seen: string[] = [];
    const orders = Array.from({ length: 12 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 25));
      return placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
    });
    for (let round = 0; round < 8; round++) {
      const part = shop.watch(UPDATED, { after }, buyer);
      await part.until((events) => events.length >= 3);
      await part.stop();
      seen.push(...cursors(part.events));
      after = seen.at(-1)!;
    }
    await Promise.all(orders);
    const expected = cursors((await full.until((events) => events.length >= start + 36)).slice(start));
    const rest = shop.watch(UPDATED, { after }, buyer);
    await rest.until((events) => seen.length + events.length >= expected.length);
    seen.push(...cursors(rest.events));
    expect(seen).toEqual(expected);
    await Promise.all([full.stop(), rest.stop()]);
  });

  test('with a cursor of another log is told that it has expired', async () => {
    expect(await refusal(shop.watch(UPDATED, { after: 'ffffffff.1.1' }, newCustomer()))).toBe('CURSOR_EXPIRED');
  });

  test('with a text that is no cursor is refused as such', async () => {
    expect(await refusal(shop.watch(UPDATED, { after: 'yesterday' }, newCustomer()))).toBe('BAD_USER_INPUT');
  });
});

test('operators see agents start; other users than staff do not', async () => {
  const AGENTS = `subscription { agentStatusChanged(after: "${await firstCursor()}") { cursor status degradation agent { id area skills { id } } } }`;
  const operator = shop.watch(AGENTS, {}, actor({ roles: ['OPERATOR'] }));
  await operator.until((all) => {
    const running = all.filter(({ data }) => data.agentStatusChanged.status === 'RUNNING');
    const ids = new Set(running.map(({ data }) => data.agentStatusChanged.agent.id));
    return ['order', 'payment', 'orchestration'].every((id) => ids.has(id));
  });
  await operator.stop();
  expect(await refusal(shop.watch(AGENTS, {}, newCustomer()))).toBe('FORBIDDEN');
});

/** The code with which a subscription was refused. */
async function refusal(watch: Watch): Promise<string> {
  const [answer] = await watch.until((events) => events.length > 0);
  await watch.ended;
  expect(watch.events).toHaveLength(1);
  expect(answer.data).toBeNull();
  return answer.errors[0].extensions.code;
}

const firstCursor = async (): Promise<string> => {
  const { generation } = await shop.kysely
    .selectFrom('platform.log_identity')
    .select('generation')
    .executeTakeFirstOrThrow();
  return `${generation}.0.0`;
};

/** Waits until a subscription is open, which it is once it has shown an event: so events are made. */
async function listening(watch: Watch, buyer: ReturnType<typeof newCustomer>, variantId: string) {
  let shown = false;
  const seen = watch
    .until((events) => events.some(({ data }) => data.orderUpdated.status === 'PROCESSING'))
    .then(() => (shown = true));
  while (!shown) {
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
    await settled(shop, order.id, 'PROCESSING');
    await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 300))]);
  }
}
