/** One trace follows an order from the gateway through agents, statements, events and the saga. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SpanLine } from '../../platform/telemetry/file-exporter.ts';
import { startTracing } from '../../platform/telemetry/tracing.ts';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';
import { ADDRESS, forSale, newCustomer, sagaEnds, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

let shop: SigningPlatform;
let directory: string;
let stopTracing: (() => Promise<void>) | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'agora-traces-'));
  stopTracing = await startTracing({ TRACES_FILE: join(directory, 'traces.jsonl'), TRACES_SHARE: 1 }, 'agora test');
  shop = await openPlatform();
});

afterAll(async () => {
  await shop?.close();
  await stopTracing?.();
  await rm(directory, { recursive: true, force: true });
});

const spans = (): SpanLine[] => {
  try {
    const lines = readFileSync(join(directory, 'traces.jsonl'), 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as SpanLine);
  } catch {
    return [];
  }
};

test('an order is one trace: gateway, agent, SQL, saga, steps, other agents, event and consumer', async () => {
  const variantId = await forSale(shop);
  const input = {
    lines: [{ variantId, quantity: 1 }],
    shippingAddress: ADDRESS,
    payment: { token: 'tok_ok' },
    idempotencyKey: 'traced',
  };
  const query = `mutation Traced($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
  const { data } = await shop.ask(query, { input }, newCustomer());
  const { id } = data.placeOrder.order;
  await settled(shop, id, 'PROCESSING');
  await sagaEnds(shop, id, 'COMPLETED');

  const isRoot = ({ name }: SpanLine): boolean => name === 'mutation Traced';
  const ofTheOrder = (): SpanLine[] => {
    const all = spans();
    const root = all.find(isRoot);
    return root ? all.filter(({ traceId }) => traceId === root.traceId) : [];
  };
  const isThere = (name: string) => (all: SpanLine[]) => all.some((span) => span.name === name);
  const wanted = [
    'agent order',
    'saga placeOrder',
    'step confirm',
    'agent payment',
    'consume order.placed',
    'sql insert',
  ];
  const trace = await untilAnswer(
    async () => ofTheOrder(),
    (all) => wanted.every((name) => isThere(name)(all)),
    'the trace is not whole',
  );

  const byId = new Map(trace.map((span) => [span.spanId, span]));
  const ancestors = (span: SpanLine): string[] => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent ? [parent.name, ...ancestors(parent)] : [];
  };
  const named = (name: string): SpanLine => trace.find((span) => span.name === name)!;
  expect(ancestors(named('agent payment'))).toEqual(
    expect.arrayContaining(['step pay', 'saga placeOrder', 'agent order', 'mutation Traced']),
  );
  expect(ancestors(named('consume order.placed'))).toEqual(expect.arrayContaining(['agent order', 'mutation Traced']));
  expect(trace.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual([
    'mutation Traced',
  ]);
  expect(new Set(trace.map((span) => span.attributes['agora.correlation_id']).filter(Boolean)).size).toBe(1);
  // Statements come without their parameters, and spans without personal data.
  expect(named('sql insert').attributes['db.query.text']).toMatch(/\$1/);
  expect(JSON.stringify(spans())).not.toMatch(/rue de la Paix|tok_ok|Ada Example|@agora\.test/);
});

test('an event carries the trace that it was published in, and none where none was under way', async () => {
  const events = await shop.kysely.selectFrom('platform.event_log').select(['type', 'traceparent']).execute();
  const ofAgents = events.filter(({ type }) => type === 'agent.started');
  expect(ofAgents.length).toBeGreaterThan(0);
  expect(ofAgents.every(({ traceparent }) => traceparent === null)).toBe(true);
  const placed = events.find(({ type }) => type === 'order.placed');
  expect(placed?.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
});
