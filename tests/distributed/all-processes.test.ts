/**
 * Behaviour that needs many processes: live updates over two gateways, one process that dies, a trace through all of
 * them.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterPlatform, openCluster } from '../support/cluster-platform.ts';
import type { SpanLine } from '../../platform/telemetry/file-exporter.ts';
import { forSale, newCustomer, placed, sagaEnds, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';
import { ancestorsOf, spansIn, traceOf } from '../support/span-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'agora-traces-'));
const traces = join(folder, 'traces.jsonl');
let shop: ClusterPlatform;
let variantId: string;

beforeAll(async () => {
  shop = await openCluster({ env: { TRACES_FILE: traces } });
  variantId = await forSale(shop);
});
afterAll(async () => {
  await shop?.close();
  rmSync(folder, { recursive: true, force: true });
});

const UPDATED = `subscription ($after: String) { orderUpdated(after: $after) { cursor status version order { number } } }`;

test('a subscriber at each gateway sees every event of an order, in order and once', async () => {
  const buyer = newCustomer();
  const after = await beginning();
  const watches = ['gateway-1', 'gateway-2'].map((gateway) => shop.through(gateway).watch(UPDATED, { after }, buyer));
  const orders = [await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer)];
  orders.push(await placed(shop, { lines: [{ variantId, quantity: 2 }] }, buyer));
  for (const { order } of orders) await settled(shop, order.id, 'PROCESSING');
  const [one, two] = await Promise.all(
    watches.map((watch) =>
      untilAnswer(
        async () => watch.events,
        (events) => events.length >= 6,
        'the events do not come',
      ),
    ),
  );
  // An event that was repeated would come before one that is made now.
  const { order: last } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
  for (const watch of watches) await watch.until((events) => isOf(last.number, events.at(-1)));
  expect(one!.slice(0, 6)).toEqual(two!.slice(0, 6));
  for (const { number } of orders.map(({ order }) => order)) {
    const ofIt = one!.filter((event) => isOf(number, event)).map(({ data }) => data.orderUpdated);
    expect(ofIt.map(({ status, version }) => [status, version])).toEqual([
      ['PENDING', 1],
      ['CONFIRMED', 2],
      ['PROCESSING', 3],
    ]);
  }
  expect(isOf(last.number, one![6])).toBe(true);
  await Promise.all(watches.map((watch) => watch.stop()));
});

/** The cursor before all events. */
async function beginning(): Promise<string> {
  const identity = shop.kysely.selectFrom('platform.log_identity').select('generation');
  return `${(await identity.executeTakeFirstOrThrow()).generation}.0.0`;
}

const isOf = (number: string, event: any): boolean => event.data.orderUpdated.order.number === number;

test('an agent process that is killed costs its fields; it catches up when it is back', async () => {
  const system = shop.cluster.member('agents-system');
  const buyer = newCustomer();
  const cursors = async (): Promise<unknown> =>
    shop.kysely.selectFrom('platform.log_cursor').selectAll().where('consumer', 'like', 'notification%').execute();
  await system.kill({ comesBack: false });
  const before = await cursors();

  const asked = await shop.ask('{ me { id } products(first: 1) { edges { node { id } } } }', {}, buyer);
  expect(asked.data).toMatchObject({ me: null, products: { edges: [expect.anything()] } });
  expect(asked.errors).toMatchObject([
    {
      message: 'The agent identity did not answer.',
      path: ['me'],
      extensions: { code: 'UNAVAILABLE', agent: 'identity' },
    },
  ]);
  expect(JSON.stringify(asked)).not.toMatch(/127\.0\.0\.1|localhost|ECONN/);

  // Work without that agent goes on: orders are accepted and carried to their end.
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, buyer);
  await settled(shop, order.id, 'PROCESSING');
  expect(await cursors()).toEqual(before);
  const messages = () =>
    shop.kysely.selectFrom('notification.message').select('template').where('order_id', '=', order.id).execute();
  expect(await messages()).toEqual([]);

  await system.start();
  await untilAnswer(messages, (all) => all.length >= 2, 'the messages are not sent');
  await untilAnswer(
    () => shop.ask('{ me { id } }', {}, buyer),
    ({ errors }) => !JSON.stringify(errors ?? []).includes('UNAVAILABLE'),
    'identity is not asked again',
  );
  const sent = (await messages()).map(({ template }) => template);
  expect(sent.length).toBe(new Set(sent).size);
});

test('a subscriber notices nothing when the agent whose events it reads is killed, or restarted in order', async () => {
  const commerce = shop.cluster.member('agents-commerce');
  const buyer = newCustomer();
  const bought = async (by = buyer): Promise<void> => {
    for (const gateway of ['gateway-1', 'gateway-2'])
      await untilAnswer(
        () => shop.through(gateway).ask('{ orders(first: 1) { edges { node { id } } } }', {}, by),
        ({ errors }) => errors === undefined,
        `${gateway} does not find the agent`,
      );
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, by);
    await settled(shop, order.id, 'PROCESSING');
  };
  // This subscriber is told nothing until the end.
  const patient = newCustomer();
  const waiting = shop.watch(UPDATED, {}, patient);
  const watch = shop.watch(UPDATED, { after: await beginning() }, buyer);
  await bought();
  const told = (count: number, by = watch) =>
    untilAnswer(
      async () => by.events,
      (events) => events.length >= count,
      'the events do not come',
    );
  await told(3);
  await commerce.kill();
  await commerce.ready();
  await bought();
  await told(6);
  expect(await commerce.restart()).toBe(0);
  await bought();
  const events = await told(9);
  expect(events.map(({ data }) => data?.orderUpdated.version)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  expect(new Set(events.map(({ data }) => data?.orderUpdated.cursor)).size).toBe(9);
  expect(watch.events.flatMap(({ errors = [] }) => errors)).toEqual([]);
  await bought(patient);
  const first = (await told(3, waiting)).slice(0, 3);
  expect(first.map(({ data }) => data?.orderUpdated.version)).toEqual([1, 2, 3]);
  await Promise.all([watch.stop(), waiting.stop()]);
});

test('one trace follows an order through its processes, each span under its parent', async () => {
  const buyer = newCustomer();
  const query = `mutation Followed($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
  const input = {
    lines: [{ variantId, quantity: 1 }],
    shippingAddress: { name: 'Ada', line1: '1 rue de la Paix', city: 'Paris', postcode: '75002', country: 'FR' },
    payment: { token: 'tok_ok' },
    idempotencyKey: 'followed',
  };
  const { data } = await shop.ask(query, { input }, buyer);
  await sagaEnds(shop, data.placeOrder.order.id, 'COMPLETED');
  const wanted = [
    'agent order',
    'saga placeOrder',
    'step reserve',
    'agent inventory',
    'agent payment',
    'consume order.placed',
  ];
  // Spans are written as they end, a child before its parent; in the end none lacks its parent.
  const orphans = (all: SpanLine[]) => all.filter((span) => span.parentSpanId && ancestorsOf(span, all).length === 0);
  const { members } = shop.cluster;
  const rolesOf = (all: SpanLine[], name: string): string[] =>
    all.filter((span) => span.name === name).map(({ pid }) => roleOf(members.find((one) => one.pid === pid)!.name));
  const trace = await untilAnswer(
    async () => traceOf('mutation Followed', spansIn(traces)),
    (all) =>
      wanted.every((name) => all.some((span) => span.name === name)) &&
      // Agents of several processes consume it.
      rolesOf(all, 'consume order.placed').includes('agents-system') &&
      orphans(all).length === 0,
    'the trace is not whole',
  );
  const named = (name: string): SpanLine => trace.find((span) => span.name === name)!;
  const cameFrom = (name: string): string[] => ancestorsOf(named(name), trace).map((span) => span.name);
  const order = ['agent order', 'request', 'ask order', 'mutation Followed'];
  const saga = ['saga placeOrder', ...order];
  expect(cameFrom('agent order')).toEqual(order.slice(1));
  expect(cameFrom('saga placeOrder')).toEqual(order);
  expect(cameFrom('agent payment')).toEqual(['request', 'ask payment', 'step pay', ...saga]);
  expect(cameFrom('consume order.placed')).toEqual(order);
  // A request between processes is sent in one and answered in another.
  for (const request of trace.filter(({ name }) => name === 'request'))
    expect(ancestorsOf(request, trace)[0]).toMatchObject({ name: expect.stringMatching(/^ask /), kind: 'client' });
  expect(new Set(['mutation Followed', ...wanted].flatMap((name) => rolesOf(trace, name)))).toEqual(
    new Set(['gateway', 'agents-commerce', 'sagas', 'agents-system']),
  );
});

const roleOf = (name: string): string => name.replace(/-\d+$/, '');
