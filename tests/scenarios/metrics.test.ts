/** Metrics that Prometheus reads after an order, and after refusals. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { admin } from '../support/agents.ts';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';
import { forSale, newCustomer, place, placed, sagaEnds, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

let shop: SigningPlatform;
const buyer = newCustomer();

beforeAll(async () => {
  shop = await openPlatform();
});

afterAll(() => shop?.close());

/** All series, as `name{labels}` and value. */
async function scrape(): Promise<Map<string, number>> {
  const response = await fetch(new URL('/metrics', shop.url));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  const lines = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** The sum over the series of a metric that have these labels. */
const sum = (series: Map<string, number>, name: string, labels: Record<string, string> = {}): number =>
  [...series]
    .filter(([key]) => key === name || key.startsWith(`${name}{`))
    .filter(([key]) => Object.entries(labels).every(([label, value]) => key.includes(`${label}="${value}"`)))
    .reduce((total, [, value]) => total + value, 0);

test('an order is counted where it passes: gateway, agents, saga, events, business', async () => {
  const variantId = await forSale(shop, { price: '10.00' });
  const before = await scrape();
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, buyer);
  const { total } = await settled(shop, order.id, 'PROCESSING');
  await sagaEnds(shop, order.id, 'COMPLETED');
  const after = await untilAnswer(
    scrape,
    (now) => sum(now, 'agora_sagas_ended_total') > 0,
    'the end of the saga is not told',
  );
  const rise = (name: string, labels?: Record<string, string>) => sum(after, name, labels) - sum(before, name, labels);

  expect(rise('agora_graphql_operations_total', { operation: '{ placeOrder }', kind: 'mutation', outcome: 'ok' })).toBe(
    1,
  );
  expect(rise('agora_graphql_operation_duration_seconds_count', { operation: '{ placeOrder }' })).toBe(1);
  expect(rise('agora_agent_requests_total', { agent: 'order', caller: 'gateway', outcome: 'ok' })).toBeGreaterThan(0);
  expect(rise('agora_agent_requests_total', { agent: 'inventory', caller: 'agent' })).toBeGreaterThan(0);
  for (const step of ['reserve', 'pay', 'confirm'])
    expect([step, rise('agora_saga_steps_total', { saga: 'placeOrder', step, outcome: 'done' })]).toEqual([step, 1]);
  expect(rise('agora_sagas_ended_total', { saga: 'placeOrder', outcome: 'completed' })).toBe(1);
  expect(rise('agora_events_published_total', { type: 'order.placed' })).toBe(1);
  expect(rise('agora_orders_placed_total', { currency: 'EUR' })).toBe(1);
  expect(rise('agora_order_value_minor_total', { currency: 'EUR' })).toBe(Number(total.minor));
  expect(rise('agora_revenue_captured_minor_total', { currency: 'EUR' })).toBe(Number(total.minor));
  expect(rise('agora_payments_total', { outcome: 'captured' })).toBe(1);
  expect(rise('agora_reservations_total', { outcome: 'reserved' })).toBe(1);
  expect(rise('agora_order_changes_total', { status: 'CONFIRMED' })).toBe(1);
});

test('a declined order, a denial and a failed sign-in are counted apart', async () => {
  const variantId = await forSale(shop);
  const { order } = (await place(shop, { token: 'tok_declined', lines: [{ variantId, quantity: 1 }] }, buyer)).data
    .placeOrder;
  await settled(shop, order.id, 'CANCELLED');
  const setPrice = `mutation ($input: SetPriceInput!) { setPrice(input: $input) { userErrors { code } } }`;
  const denied = await shop.ask(setPrice, { input: { variantId, currency: 'EUR', amount: '1.00' } }, buyer);
  expect(denied.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  await shop.ask(
    `mutation { signIn(input: { email: "nobody@agora.test", password: "wrong" }) { userErrors { code } } }`,
  );
  await shop.ask(`query Nonsense { nothing }`);
  const refused = await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer forged' },
    body: '{"query":"{ __typename }"}',
  });
  expect(refused.status).toBe(401);

  const series = await scrape();
  expect(sum(series, 'agora_saga_steps_total', { outcome: 'refused' })).toBe(1);
  expect(sum(series, 'agora_order_changes_total', { status: 'CANCELLED', reason: 'PAYMENT_DECLINED' })).toBe(1);
  expect(sum(series, 'agora_denials_total', { caller: 'signed_in' })).toBeGreaterThan(0);
  expect(sum(series, 'agora_sign_ins_total', { method: 'password', outcome: 'refused' })).toBe(1);
  expect(sum(series, 'agora_graphql_rejected_total', { code: 'GRAPHQL_VALIDATION_FAILED' })).toBeGreaterThan(0);
  expect(sum(series, 'agora_tokens_refused_total', { transport: 'http' })).toBe(1);
});

test('agents, circuit breakers, pool, lag and parked events are reported as they are', async () => {
  const series = await scrape();
  expect(sum(series, 'agora_agent_status', { agent: 'order', status: 'RUNNING' })).toBe(1);
  expect([...series.keys()].filter((key) => key.startsWith('agora_breaker_state{')).length).toBeGreaterThan(3);
  expect(sum(series, 'agora_database_up')).toBe(1);
  expect(series.has('agora_pool_connections{state="idle"}')).toBe(true);
  expect([...series.keys()]).toContain('agora_consumer_lag_events{consumer="notification"}');
  expect(series.get('agora_consumer_parked_events{consumer="notification",state="dead"}')).toBe(0);
  expect(sum(series, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
});

test('an open subscription is counted while it is open', async () => {
  const name = { operation: 'WatchSomething' };
  const watching = shop.watch(`subscription WatchSomething { agentStatusChanged { agent { id } } }`, {}, admin);
  const open = async () => sum(await scrape(), 'agora_graphql_subscriptions_open', name);
  await untilAnswer(open, (now) => now === 1, 'it is not counted');
  await watching.stop();
  await untilAnswer(open, (now) => now === 0, 'it is still counted');
});

test('a thousand names of operations make no thousand series, and no label holds an id', async () => {
  for (let n = 0; n < 250; n++) await shop.ask(`query Name${n} { __typename }`);
  const keys = [...(await scrape()).keys()].filter((key) => key.startsWith('agora_'));
  const operations = new Set(keys.map((key) => /operation="([^"]*)"/.exec(key)?.[1]));
  expect(operations.size).toBeLessThanOrEqual(203);
  expect(operations).toContain('other');
  expect(keys.filter((key) => /"(order|customer|user|payment|product|saga|req)_[0-9a-z]{20,}/.test(key))).toEqual([]);
});
