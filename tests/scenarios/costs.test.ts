/** Statements and commits of the two most common operations, pinned: docs/costs.md explains them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed, sagaEnds, settled } from '../support/shop.ts';
import { type Commit, countStatements, type Statements } from '../support/statements.ts';

let shop: TestPlatform;
let counted: Statements;
beforeAll(async () => {
  counted = countStatements();
  shop = await openPlatform();
});
afterAll(async () => {
  await shop.close();
  counted.stop();
});
const LIST = `query ($first: Int) { products(first: $first) { nodes { name slug variants { sku price { amount currency } availability { available } } } } }`;

/**
 * Statements that run by the clock and not for the test: the queue of sagas, heartbeats, health checks of the database,
 * expiries of reservations and carts, mails, webhooks.
 */
const BY_THE_CLOCK =
  /dbos|pg_is_in_recovery|platform\.|pg_(try_)?advisory|expires_at|"cart" where "updated_at"|\bmail\b|webhook/;

test('a list of products with their prices and stock is four statements, however many products', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => forSale(shop, { stock: n })));
  const costs: Record<number, string[]> = {};
  // A scheduled job that runs once a minute, such as the search for abandoned refunds, may come between: not three
  // times.
  for (const first of [1, 5, 20, 1, 5, 20, 1, 5, 20]) {
    counted.reset();
    const { products } = await done(shop.ask(LIST, { first }));
    const texts = counted.texts.filter((text) => !BY_THE_CLOCK.test(text));
    if (texts.length <= (costs[first]?.length ?? Infinity)) costs[first] = texts;
    expect(products.nodes).toHaveLength(first);
    for (const node of products.nodes) {
      expect(node.variants).toEqual([
        {
          sku: expect.any(String),
          price: { amount: '10.00', currency: 'EUR' },
          availability: { available: expect.any(Number) },
        },
      ]);
    }
  }
  const tables = (texts: string[]) =>
    texts
      .map(
        (text) =>
          /from "?(\w+"?\."?\w+)|join "?(pricing"?\."?price)"/i.exec(text)?.[1]?.replaceAll('"', '') ?? 'pricing.price',
      )
      .sort();
  expect(tables(costs[20]!)).toEqual(['inventory.stock_level', 'pricing.price', 'product.product', 'product.variant']);
  expect([costs[1]!.length, costs[5]!.length, costs[20]!.length]).toEqual([4, 4, 4]);
});

/**
 * Commits of one order, by writer: the agents' commands, the simulator in the provider's place, the saga's engine. Each
 * with its number of statements, `begin` and `commit` left out.
 */
const ORDER = {
  'order: accepted, with the saga and the idempotency key': [5],
  'inventory: reserved': [5],
  'payment: the intent to charge': [4],
  'provider: charged, in its own books': [1],
  'payment: what became of it': [4],
  'order: CONFIRMED and PROCESSING': [4],
  'engine: taken from the queue': [3],
  'engine: a checkpoint before the pivot': [2],
  'engine: ended': [2],
};

const KINDS: readonly [keyof typeof ORDER, RegExp][] = [
  [
    'order: accepted, with the saga and the idempotency key',
    /insert order\.orders, call platform\.start_saga, insert order\.idempotency, insert platform\.event_log$/,
  ],
  ['inventory: reserved', /insert inventory\.reservation,.*insert platform\.event_log/],
  ['payment: the intent to charge', /^insert payment\.payment$/],
  ['provider: charged, in its own books', /^insert payment\.simulator_payment, insert payment\.simulator_entry$/],
  ['payment: what became of it', /^update payment\.payment, insert platform\.event_log$/],
  [
    'order: CONFIRMED and PROCESSING',
    /^insert order\.timeline_entry, update order\.orders, insert platform\.event_log$/,
  ],
  ['engine: taken from the queue', /^update dbos\.workflow_status$/],
  ['engine: a checkpoint before the pivot', /^insert dbos\.operation_outputs$/],
  ['engine: ended', /^update dbos\.workflow_status, insert dbos\.workflow_output$/],
];

/**
 * Whether a commit is a consumer's: it moves a cursor. They take whole batches, so there are the fewer the more is to
 * do.
 */
const isOfAConsumer = (commit: Commit): boolean => commit.writes.includes('update platform.log_cursor');
/** Whether a commit is a heartbeat, by the clock: of an agent, or of the saga worker. */
const isAHeartbeat = (commit: Commit): boolean =>
  ['update platform.agent', 'insert platform.saga_worker', 'update platform.saga_worker'].includes(
    commit.writes.join(),
  );

test('an order from placeOrder to PROCESSING is nine commits of thirty statements, and at most eleven commits more of the consumers of its events', async () => {
  const variantId = await forSale(shop);
  const placeOne = async () => {
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
    await settled(shop, order.id, 'PROCESSING');
    await sagaEnds(shop, order.id, 'COMPLETED');
    return order.id;
  };
  await placeOne(); // Parts that are made at first use are not an order's cost.
  await quiet();
  for (let n = 0; n < 3; n++) {
    counted.reset();
    const since = await eventsInLog();
    await placeOne();
    await quiet();
    const commits = counted.commits.filter((commit) => !isAHeartbeat(commit));
    const own = commits.filter((commit) => !isOfAConsumer(commit));
    const found: Record<string, number[]> = {};
    for (const { writes, statements } of own) {
      const text = writes.join(', ');
      const kind = KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? text;
      (found[kind] ??= []).push(statements);
    }
    expect(found).toEqual(ORDER);
    expect(own).toHaveLength(9);
    expect(own.reduce((sum, { statements }) => sum + statements, 0)).toBe(30);
    const events = (await eventsInLog()) - since;
    expect(events).toBe(EVENTS);
    expect(commits.filter(isOfAConsumer).length).toBeLessThanOrEqual(READS);
  }
});

/** order.placed, inventory.stock_reserved, payment.authorized and captured, order.status_changed twice, notification.requested twice. */
const EVENTS = 8;
/**
 * Commits of consumers. Of notification: order.placed and both changes of status. Of orchestration: payment.authorized.
 * Of payment, for its books: payment.authorized and captured, one batch unless the order takes longer than the books
 * gather. Of customers' figures: order.placed and both changes of status. Fewer, if one batch takes two.
 */
const READS = 11;

const eventsInLog = async (): Promise<number> =>
  Number(
    (
      await shop.kysely
        .selectFrom('platform.event_log')
        .select((eb) => eb.fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
    ).count,
  );

/** Waits until nothing has been committed for a while. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== counted.commits.length; ) {
    before = counted.commits.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}
