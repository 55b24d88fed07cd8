/** Live events of sagas, over a WebSocket, as buyers and staff see them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { actor, viewer } from '../../../tests/support/agents.ts';
import { openPlatform, type TestPlatform, type Watch } from '../../../tests/support/platform.ts';
import { forSale, newCustomer, placed, sagaEnds } from '../../../tests/support/shop.ts';

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform();
  variantId = await forSale(shop, { stock: 1000 });
});
afterAll(() => shop.close());

const UPDATED = `subscription ($sagaId: ID!, $after: String) { sagaUpdated(sagaId: $sagaId, after: $after) {
  cursor type step status attempts occurredAt saga { id status } } }`;
const place = async (token = 'tok_ok', buyer = newCustomer()) => {
  const { order, saga } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, buyer);
  return { orderId: order.id, sagaId: saga.id, buyer };
};
const told = (watch: Pick<Watch, 'events'>): any[] => watch.events.map(({ data }) => data.sagaUpdated);
/** Events without failed attempts: on a busy machine a step may run into its timeout, and is retried. */
const carried = (events: any[]) => lines(events).filter((line) => !line.startsWith('STEP_FAILED'));
const lines = (events: any[]) => events.map(({ type, step, status }) => [type, step, status].filter(Boolean).join(' '));

const CARRIED = [
  'STARTED PENDING',
  ...['reserve', 'pay', 'confirm'].map((step) => `STEP_COMPLETED ${step} RUNNING`),
  'ENDED COMPLETED',
];

test('a subscription streams a saga from its start to its end, and then completes', async () => {
  const { sagaId, buyer } = await place();
  const watch = shop.watch(UPDATED, { sagaId }, buyer);
  await watch.ended;
  expect(carried(told(watch))).toEqual(CARRIED);
  const events = told(watch);
  expect([events[0].attempts, events.at(-1).attempts]).toEqual([null, null]);
  const completed = events.filter(({ type }) => type === 'STEP_COMPLETED');
  const failed = (step: string): number =>
    events.findLast((event) => event.type === 'STEP_FAILED' && event.step === step)?.attempts ?? 0;
  expect(completed.map(({ attempts }) => attempts)).toEqual(completed.map(({ step }) => 1 + failed(step)));
  expect(events.map(({ occurredAt }) => occurredAt)).toEqual(events.map(({ occurredAt }) => occurredAt).sort());
  expect(events.at(-1).saga).toEqual({ id: sagaId, status: 'COMPLETED' });
});

test('a refused saga streams every undo', async () => {
  const { sagaId, buyer } = await place('tok_declined');
  const watch = shop.watch(UPDATED, { sagaId }, buyer);
  await watch.ended;
  expect(carried(told(watch)).slice(2)).toEqual([
    'STEP_REFUSED pay COMPENSATING',
    'STEP_COMPLETED undo pay COMPENSATING',
    'STEP_COMPLETED undo reserve COMPENSATING',
    'STEP_COMPLETED cancel COMPENSATING',
    'ENDED COMPENSATED',
  ]);
});

test('a running saga streams to operators as it goes, failed attempts included', async () => {
  await sql`alter table inventory.reservation rename to away`.execute(shop.kysely);
  const { sagaId } = await place();
  const watch = shop.watch(UPDATED, { sagaId }, viewer);
  await watch.until((events) => events.filter(({ data }) => data.sagaUpdated.type === 'STEP_FAILED').length >= 2);
  await sql`alter table inventory.away rename to reservation`.execute(shop.kysely);
  await watch.ended;
  const events = told(watch);
  const failures = events.filter(({ type }) => type === 'STEP_FAILED');
  const counts = failures.map(({ attempts }) => attempts as number);
  expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
  expect(failures[0]).toMatchObject({ step: 'reserve', status: 'RUNNING', saga: { status: 'RUNNING' } });
  expect(carried(events)).toEqual(CARRIED);
  expect(events.find(({ type }) => type === 'STEP_COMPLETED').attempts).toBe(counts.at(-1)! + 1);
});

test('a subscriber that is cut off after each event and resumes by `after` misses none and gets none twice', async () => {
  const { sagaId, buyer } = await place('tok_slow');
  const seen: any[] = [];
  for (let after: string | undefined; !seen.some(({ type }) => type === 'ENDED'); after = seen.at(-1).cursor) {
    const watch = shop.watch(UPDATED, { sagaId, after }, buyer);
    const [first] = await watch.until((events) => events.length > 0);
    await watch.stop();
    seen.push(first.data.sagaUpdated);
  }
  expect(carried(seen)).toEqual(CARRIED);
  const over = shop.watch(UPDATED, { sagaId, after: seen.at(-1).cursor }, buyer);
  await over.ended;
  expect(over.events).toEqual([]);
});

test('many subscribers of many sagas each get the events of their own', async () => {
  const sagas = await Promise.all(Array.from({ length: 8 }, () => place()));
  const watches = sagas.flatMap(({ sagaId, buyer }) => [1, 2].map(() => shop.watch(UPDATED, { sagaId }, buyer)));
  await Promise.all(watches.map((watch) => watch.ended));
  for (const [index, watch] of watches.entries()) {
    expect(carried(told(watch))).toEqual(CARRIED);
    expect(told(watch)[0].saga.id).toBe(sagas[index >> 1]!.sagaId);
  }
});

test('a subscriber who may not see the order gets no events, as for an unknown saga', async () => {
  const { sagaId, orderId } = await place();
  await sagaEnds(shop, orderId, 'COMPLETED');
  const guest = (id: string) => actor({ id: `guest:${id}`, roles: ['GUEST'], orderId: id });
  for (const [id, who] of [
    [sagaId, newCustomer()],
    [sagaId, guest('order_other')],
    ['placeOrder:order_none', viewer],
  ] as const) {
    const watch = shop.watch(UPDATED, { sagaId: id }, who);
    await watch.ended;
    expect(watch.events).toEqual([]);
  }
  const own = shop.watch(UPDATED, { sagaId }, guest(orderId));
  await own.ended;
  expect(carried(told(own))).toEqual(CARRIED);
});

test.each([
  ['nobody', {}, undefined, 'UNAUTHENTICATED'],
  ['who gives something that is no cursor', { after: 'yesterday' }, viewer, 'BAD_USER_INPUT'],
])('%s is refused', async (_, variables, who, code) => {
  const { sagaId } = await place();
  const watch = shop.watch(UPDATED, { sagaId, ...variables }, who);
  await watch.ended;
  expect(watch.events.map(({ errors }) => errors?.[0]?.extensions?.code)).toEqual([code]);
});
