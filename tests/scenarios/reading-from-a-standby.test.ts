/** Shoppers read the catalogue from a standby, a read replica; every other reader reads the primary. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { createLogger } from '../../platform/log.ts';
import { actor, admin, viewer } from '../support/agents.ts';
import { type EmbeddedPlatform, openEmbedded } from '../support/platform.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { done, forSale, newCustomer, placed, read, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

/** Longer than a test looks at lagging data, in milliseconds. */
const AMPLE_MS = 600_000;

const limits = { maxLagMs: AMPLE_MS, patienceMs: 10_000 };
const lines: Record<string, unknown>[] = [];
let servers: ReplicatedPostgres;
let shop: EmbeddedPlatform;

beforeAll(async () => {
  servers = await startReplicatedPostgres();
  const { url, adminUrl } = servers.primary;
  Object.assign(process.env, { AGORA_TEST_URL: url, AGORA_TEST_ADMIN_URL: adminUrl });
  const log = createLogger('info', { to: { write: (line) => void lines.push(JSON.parse(line)) } });
  shop = await openEmbedded({ standby: { port: servers.wire.port, limits }, log });
});

afterAll(async () => {
  await shop?.close();
  await servers?.remove();
});

afterEach(async () => {
  limits.maxLagMs = AMPLE_MS;
  await servers.resume();
});

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' });

/** A variant's name and price, as this actor sees them. Any error fails the test. */
async function seen(variantId: string, as?: Actor): Promise<string> {
  const query = 'query ($id: ID) { productVariant(id: $id) { price { amount } product { name } } }';
  const { productVariant } = await done(shop.ask(query, { id: variantId }, as));
  return productVariant ? `${productVariant.product.name} ${productVariant.price?.amount}` : 'nothing';
}

/** Changes name and price, as the variant's merchant. Returns both from the answers. */
async function change(variantId: string, name: string, amount: string): Promise<string> {
  const productOf = 'query ($id: ID) { productVariant(id: $id) { product { id version } } }';
  const { productVariant } = await done(shop.ask(productOf, { id: variantId }, merchant));
  const rename =
    'mutation ($input: UpdateProductInput!) { updateProduct(input: $input) { product { name } userErrors { message } } }';
  const set =
    'mutation ($input: SetPriceInput!) { setPrice(input: $input) { price { amount { amount } } userErrors { message } } }';
  const { id, version: expectedVersion } = productVariant.product;
  const input = { id, expectedVersion, name };
  const { updateProduct } = await done(shop.ask(rename, { input }, merchant));
  const { setPrice } = await done(shop.ask(set, { input: { variantId, currency: 'EUR', amount } }, merchant));
  return `${updateProduct.product.name} ${setPrice.price.amount.amount}`;
}

/** State of the standby in the health of the agent product. */
async function standby(): Promise<{ status: string; lastCode: string | null }> {
  const { dependencies } = await shop.agents.host.health.detailed();
  return dependencies.find(({ name }) => name === 'standby')!;
}

const becomes = (status: string) =>
  untilAnswer(standby, (now) => now.status === status, `the standby does not become ${status}`);

/** One series of the metrics. */
async function metric(series: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', shop.url))).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? 0,
  );
}
const READ_THERE = 'agora_standby_reads_total{agent="product",server="standby",reason="may_lag"}';

/** A variant for sale that has reached the standby, and its name and price there. */
async function forSaleOnBoth(): Promise<{ variantId: string; before: string }> {
  const variantId = await forSale(shop, { price: '10.00' });
  await becomes('UP');
  const before = await seen(variantId, admin);
  await untilAnswer(
    () => seen(variantId),
    (now) => now === before,
    'the standby does not replay',
  );
  return { variantId, before };
}

test('a shopper sees the catalogue as it was a moment ago; a user who may change it sees it as it is', async () => {
  const { variantId, before } = await forSaleOnBoth();
  await servers.pause();
  const after = await change(variantId, 'Renamed', '12.00');
  expect(after).toBe('Renamed 12.00');

  expect(await seen(variantId)).toBe(before);
  expect(await seen(variantId, newCustomer())).toBe(before);
  expect(await seen(variantId, actor({ roles: ['GUEST'], orderId: 'order_1' }))).toBe(before);
  for (const as of [merchant, admin, viewer, actor({ roles: ['CUSTOMER', 'MERCHANT'], merchantId: 'merchant_2' })])
    expect(await seen(variantId, as)).toBe(after);
});

test('an order is priced from the primary, and so are the answers of mutations and the events of subscriptions', async () => {
  const { variantId, before } = await forSaleOnBoth();
  await servers.pause();
  const after = await change(variantId, 'Dearer', '13.00');
  const customer = newCustomer();
  expect(await seen(variantId, customer)).toBe(before);

  const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, customer);
  const { lines: sold } = await read(shop, order.id);
  expect(sold[0].unitPrice.minor).toBe('1300');

  const line = 'lines { variant { price { amount } product { name } } }';
  const told = (cart: { lines: { variant: { price: { amount: string }; product: { name: string } } }[] }): string[] =>
    cart.lines.map(({ variant }) => `${variant.product.name} ${variant.price.amount}`);
  const create =
    'mutation ($input: CreateCartInput!) { createCart(input: $input) { cart { id } userErrors { message } } }';
  const { createCart } = await done(shop.ask(create, { input: {} }, customer));
  const add = `mutation ($input: AddToCartInput!) { addToCart(input: $input) { cart { ${line} } userErrors { message } } }`;
  const input = { cartId: createCart.cart.id, variantId, quantity: 1 };
  const { addToCart } = await done(shop.ask(add, { input }, customer));
  expect(told(addToCart.cart)).toEqual([after]);

  const watch = shop.watch(
    `subscription ($id: ID) { orderUpdated(orderId: $id) { order { ${line} } } }`,
    { id: order.id },
    customer,
  );
  const [event] = await watch.until((events) => events.length > 0);
  await watch.stop();
  expect(told(event.data.orderUpdated.order)).toEqual([after]);

  // And the same order in a query: its lines are as sold, names and prices of variants are the catalogue's on the
  // standby.
  const { order: asked } = await done(
    shop.ask(`query ($id: ID) { order(id: $id) { ${line} } }`, { id: order.id }, customer),
  );
  expect(told(asked)).toEqual([before]);
  await settled(shop, order.id, 'PROCESSING');
});

test('a standby with too much lag is not read from, until it has caught up', async () => {
  const { variantId, before } = await forSaleOnBoth();
  await servers.pause();
  lines.length = 0;
  const after = await change(variantId, 'Fresh', '14.00');
  expect(await seen(variantId)).toBe(before);
  limits.maxLagMs = 2000;
  await untilAnswer(
    () => seen(variantId),
    (now) => now === after,
    'the lag is not seen',
  );
  expect(await becomes('DOWN')).toMatchObject({ lastCode: 'BEHIND' });
  expect(await metric('agora_standby_up{agent="pricing"}')).toBe(0);
  expect(await metric('agora_standby_lag_seconds{agent="pricing"}')).toBeGreaterThan(2);
  // The agent is healthy without the standby.
  expect(shop.agents.host.health.ready()).toEqual({ ready: true, degradation: 0 });
  const { agents } = await done(shop.ask('{ agents { id status dependencies { name status } } }', {}, admin));
  const agent = (wanted: string) => agents.find(({ id }: { id: string }) => id === wanted);
  expect(agent('product').status).toBe('RUNNING');
  expect(agent('order').dependencies.map(({ name }: { name: string }) => name)).not.toContain('standby');

  const there = await metric(READ_THERE);
  await servers.resume();
  limits.maxLagMs = AMPLE_MS;
  await becomes('UP');
  expect(await seen(variantId)).toBe(after);
  expect(await metric(READ_THERE)).toBeGreaterThan(there);
  expect(await metric('agora_standby_up{agent="pricing"}')).toBe(1);
  const told = lines.filter(({ agents }) => (agents as string[] | undefined)?.includes('pricing'));
  expect(told.map(({ msg }) => msg)).toEqual([
    'the standby is not read from: all reads go to the primary',
    'the standby is read from again',
  ]);
});

test('no query fails while connections to the standby end, while it hangs, dies and comes back', async () => {
  const { variantId, before } = await forSaleOnBoth();
  let isOver = false;
  let answers = 0;
  const reading = Array.from({ length: 3 }, async () => {
    while (!isOver) {
      expect(await seen(variantId)).toBe(before);
      answers++;
    }
  });
  const allRead = Promise.all(reading);
  allRead.catch(() => {}); // A rejection is seen in the end.
  const rise = (from: number) =>
    untilAnswer(
      () => metric(READ_THERE),
      (now) => now > from,
      'the standby is not read from',
    );
  const answersCome = async () => {
    const from = answers;
    await untilAnswer(
      async () => answers,
      (now) => now > from + 5,
      'queries are not answered',
    );
  };
  try {
    for (let n = 0; n < 5; n++) {
      await servers.onStandby(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agora reads'`,
      );
      await answersCome();
    }
    expect(await metric('agora_standby_reads_total{agent="product",server="primary",reason="failed"}')).toBeGreaterThan(
      0,
    );

    limits.patienceMs = 500;
    servers.wire.hang();
    expect(await becomes('DOWN')).toMatchObject({ lastCode: 'TIMEOUT' });
    await answersCome();
    limits.patienceMs = 10_000;
    servers.wire.flow();
    await becomes('UP');
    await rise(await metric(READ_THERE));

    await servers.kill();
    await becomes('DOWN');
    await answersCome();
    await servers.restart();
    await becomes('UP');
    await rise(await metric(READ_THERE));
  } finally {
    isOver = true;
    await allRead;
  }
});

test('a promoted standby is not read from any more', async () => {
  const { variantId } = await forSaleOnBoth();
  await servers.onStandby('select pg_promote()');
  expect(await becomes('DOWN')).toMatchObject({ lastCode: 'NOT_A_STANDBY' });
  const after = await change(variantId, 'Of the primary', '15.00');
  expect(await seen(variantId)).toBe(after);
});
