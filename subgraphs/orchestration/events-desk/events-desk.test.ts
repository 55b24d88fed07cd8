/** The operators' desk for events, over a real consumer whose handler fails for a while, behind the gateway. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Actor } from '../../../platform/identity/actor.ts';
import { newUuid } from '../../../platform/ids.ts';
import { actor, admin, operator, viewer } from '../../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, sagaEnds } from '../../../tests/support/shop.ts';
import { untilAnswer } from '../../../tests/support/until.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

let keys = 0;
const ask = (input: object) => ({ input: { reason: 'because', idempotencyKey: `key ${++keys}`, ...input } });
const ACTION =
  'action { id action consumerName events by reason aggregateKey eventId event fromCursor toCursor at } userErrors { code path }';
const REDRIVE = `mutation ($input: RedriveEventsInput!) { redriveEvents(input: $input) { ${ACTION} } }`;
const DISCARD = `mutation ($input: DiscardEventInput!) { discardEvent(input: $input) { ${ACTION} } }`;
const REPLAY = `mutation ($input: ReplayConsumerInput!) { replayConsumer(input: $input) { ${ACTION} } }`;
const REBUILD = `mutation ($input: RebuildProjectionInput!) { rebuildProjection(input: $input) { ${ACTION} } }`;
const CONSUMERS = `{ consumers { name agent { id } cursor lagEvents lagSeconds parked dead movedAt isReplayable status backfilled isRebuildable } }`;
const LETTERS = `query ($first: Int, $after: String, $filter: DeadLetterFilter) {
  deadLetters(first: $first, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } nodes {
    id consumer { name } aggregateKey eventId eventType source occurredAt state attempts error nextAttemptAt payload } } }`;
const ACTIONS = `query ($filter: EventActionFilter) { eventActions(first: 100, filter: $filter) { totalCount nodes { id action consumerName by } } }`;

const consumer = async (name: string) =>
  (await done(shop.ask(CONSUMERS, {}, viewer))).consumers.find((each: { name: string }) => each.name === name);
const letters = async (variables: object = {}) => (await done(shop.ask(LETTERS, { ...variables }, viewer))).deadLetters;
const change = async (mutation: string, input: object, as: Actor = operator) => {
  const { data, errors } = await shop.ask(mutation, ask(input) as Record<string, unknown>, as);
  return errors ? errors[0]!.extensions!.code : Object.values<any>(data)[0];
};

/** Parks events of an aggregate for a consumer: the first one is dead, the others wait behind it. */
async function park(name: string, aggregate: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const id = newUuid();
    const event = { id, type: 'order.placed', source: 'order', aggregate_type: 'order', aggregate_id: aggregate };
    const whole = { ...event, aggregate_version: n + 1, xid: '5', position: `${n}`, payload: { orderId: aggregate } };
    await shop.kysely
      .insertInto('platform.parked_event')
      .values({
        consumer: name,
        aggregate_key: `order:${aggregate}`,
        xid: sql`'5'::xid8`,
        position: n,
        event: JSON.stringify({ ...whole, at: '2026-01-01T00:00:00.000Z' }),
        state: n === 0 ? 'DEAD' : 'WAITING',
        attempts: n === 0 ? 8 : 0,
        error: n === 0 ? 'SIGNATURE: who wrote this?' : null,
      })
      .execute();
    ids.push(id);
  }
  return ids;
}

/** An idle consumer: no process runs it, so that nothing moves by itself. */
const IDLE = 'idle';
beforeEach(async () => {
  await sql`delete from platform.parked_event`.execute(shop.kysely);
  await sql`delete from platform.log_cursor where consumer = ${IDLE}`.execute(shop.kysely);
  await sql`insert into platform.log_cursor (consumer, xid, position, types) values (${IDLE}, '0', 0, '{agent.started}')`.execute(
    shop.kysely,
  );
});

describe('consumers', () => {
  test('show their lag, which counts only events that they handle', async () => {
    const { agents } = await done(shop.ask('{ agents { id } }', {}, viewer));
    await untilAnswer(
      () => consumer(IDLE),
      ({ lagEvents }) => lagEvents === agents.length,
      'the starts of all agents are not in the log',
    );
    const idle = await consumer(IDLE);
    expect(idle).toMatchObject({ name: IDLE, agent: null, parked: 0, dead: 0, isReplayable: false });
    expect(idle.lagSeconds).toBeGreaterThan(0);
    await sql`update platform.log_cursor set xid = pg_snapshot_xmin(pg_current_snapshot()) where consumer = ${IDLE}`.execute(
      shop.kysely,
    );
    expect(await consumer(IDLE)).toMatchObject({ lagEvents: 0, lagSeconds: 0 });
  });
});

describe('dead letters', () => {
  test('show the event, its error, and the events that wait behind it, page by page', async () => {
    const [dead, waiting] = await park(IDLE, 'order_1', 2);
    const page = await letters({ first: 1 });
    expect(page).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true } });
    expect(page.nodes).toEqual([
      {
        id: `${IDLE}:${dead}`,
        consumer: { name: IDLE },
        aggregateKey: 'order:order_1',
        eventId: dead,
        eventType: 'order.placed',
        source: 'order',
        occurredAt: '2026-01-01T00:00:00.000Z',
        state: 'DEAD',
        attempts: 8,
        error: 'SIGNATURE: who wrote this?',
        nextAttemptAt: null,
        payload: { orderId: 'order_1' },
      },
    ]);
    const rest = await letters({ first: 1, after: page.pageInfo.endCursor });
    expect(rest.nodes).toMatchObject([{ eventId: waiting, state: 'WAITING', attempts: 0, error: null }]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    expect(await consumer(IDLE)).toMatchObject({ parked: 1, dead: 1 });
  });

  test('are found by consumer and by state', async () => {
    await park(IDLE, 'order_1', 2);
    await park('other', 'order_1', 1);
    const count = async (filter: object) => (await letters({ filter })).nodes.length;
    expect([
      await count({ consumer: IDLE }),
      await count({ consumer: 'other' }),
      await count({ consumer: 'x' }),
    ]).toEqual([2, 1, 0]);
    expect([await count({ state: 'DEAD' }), await count({ state: 'DEAD', consumer: IDLE })]).toEqual([2, 1]);
  });
});

describe('an operator', () => {
  test('redrives an aggregate, and the audit has it', async () => {
    await park(IDLE, 'order_1', 3);
    await park(IDLE, 'order_2', 1);
    const { action, userErrors } = await change(REDRIVE, { consumer: IDLE, aggregateKey: 'order:order_1' });
    expect(userErrors).toEqual([]);
    expect(action).toMatchObject({
      action: 'REDRIVE',
      consumerName: IDLE,
      events: 3,
      by: operator.id,
      reason: 'because',
      aggregateKey: 'order:order_1',
    });
    expect((await letters({ filter: { state: 'DEAD' } })).nodes).toMatchObject([{ aggregateKey: 'order:order_2' }]);
    expect(await consumer(IDLE)).toMatchObject({ parked: 3, dead: 1 });
  });

  test('discards an event, which the audit keeps whole', async () => {
    const [dead] = await park(IDLE, 'order_1', 2);
    const { action } = await change(DISCARD, { consumer: IDLE, eventId: dead });
    expect(action).toMatchObject({ action: 'DISCARD', events: 1, eventId: dead, aggregateKey: 'order:order_1' });
    expect(action.event).toMatchObject({ id: dead, type: 'order.placed', payload: { orderId: 'order_1' } });
    expect((await letters()).nodes).toMatchObject([{ state: 'WAITING' }]);
  });

  test('sends a request twice, and it takes effect and is in the audit once', async () => {
    const [dead] = await park(IDLE, 'order_1', 1);
    const before = (await done(shop.ask(ACTIONS, {}, viewer))).eventActions.totalCount;
    const input = { consumer: IDLE, eventId: dead, idempotencyKey: 'the same' };
    const first = await change(DISCARD, input);
    expect(await change(DISCARD, input)).toEqual(first);
    expect((await done(shop.ask(ACTIONS, {}, viewer))).eventActions.totalCount).toBe(before + 1);
  });

  test('gets an error for an event that is not parked, and for an invalid reason', async () => {
    const [dead] = await park(IDLE, 'order_1', 1);
    const errors = async (mutation: string, input: object) => (await change(mutation, input)).userErrors;
    expect(await errors(REDRIVE, { consumer: IDLE, aggregateKey: 'order:x' })).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'aggregateKey'] },
    ]);
    expect(await errors(DISCARD, { consumer: 'notification', eventId: dead })).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'eventId'] },
    ]);
    for (const reason of [' ', 'x'.repeat(501)])
      expect(await errors(DISCARD, { consumer: IDLE, eventId: dead, reason })).toEqual([
        { code: 'INVALID_INPUT', path: ['input', 'reason'] },
      ]);
    expect((await letters()).nodes).toHaveLength(1);
  });
});

describe('a consumer that does not exist', () => {
  test.each([
    ['redriven', REDRIVE, { aggregateKey: 'order:order_1' }],
    ['relieved of an event', DISCARD, { eventId: newUuid() }],
    ['rebuilt', REBUILD, {}],
    ['replayed', REPLAY, { since: '2026-01-01T00:00:00Z' }],
  ])('is not %s: the refusal says where the names are, and the audit has nothing', async (_, mutation, input) => {
    const before = (await done(shop.ask(ACTIONS, {}, viewer))).eventActions.totalCount;
    const { data } = await shop.ask(
      mutation.replace('code path', 'code message path'),
      ask({ consumer: 'nobody', ...input }),
      operator,
    );
    expect(Object.values<any>(data!)[0].userErrors).toEqual([
      {
        code: 'NOT_FOUND',
        message: expect.stringContaining('`{ consumers { name } }`'),
        path: ['input', 'consumer'],
      },
    ]);
    expect((await done(shop.ask(ACTIONS, {}, viewer))).eventActions.totalCount).toBe(before);
  });

  test('is relieved of the events that it left parked', async () => {
    const [dead] = await park('gone', 'order_1', 1);
    const { action, userErrors } = await change(DISCARD, { consumer: 'gone', eventId: dead });
    expect([userErrors, action]).toMatchObject([[], { consumerName: 'gone', events: 1 }]);
  });
});

describe('a rebuild', () => {
  test('backfills a projection, keeps its place in the log, and is in the audit', async () => {
    await sql`update platform.log_cursor set has_backfill = true, backfilled = 7, backfill_after = 'x' where consumer = ${IDLE}`.execute(
      shop.kysely,
    );
    const before = await consumer(IDLE);
    expect(before).toMatchObject({ status: 'FOLLOWING', backfilled: 7, isRebuildable: true });
    const { action, userErrors } = await change(REBUILD, { consumer: IDLE });
    expect(userErrors).toEqual([]);
    expect(action).toMatchObject({ action: 'REBUILD', consumerName: IDLE, reason: 'because', by: operator.id });
    const { status, backfilled, cursor } = await consumer(IDLE);
    expect({ status, backfilled, cursor }).toEqual({ status: 'BACKFILLING', backfilled: 0, cursor: before.cursor });
  });

  test('is refused for a consumer without a projection', async () => {
    for (const name of [IDLE, 'notification'])
      expect((await change(REBUILD, { consumer: name })).userErrors).toEqual([
        { code: 'NOT_REBUILDABLE', path: ['input', 'consumer'] },
      ]);
    expect(await consumer('notification')).toMatchObject({ status: 'FOLLOWING', isRebuildable: false });
  });
});

describe('a replay', () => {
  const notification = () => consumer('notification');
  const inbox = async (): Promise<number> => {
    const { rows } = await sql<{ n: bigint }>`select count(*) as n from notification.message`.execute(shop.kysely);
    return Number(rows[0]!.n);
  };
  const caughtUp = () => untilAnswer(notification, ({ lagEvents }) => lagEvents === 0, 'it does not catch up');

  test.each([
    ['a cursor', async (generation: string) => ({ from: `${generation}.1.0` })],
    ['a time', async () => ({ since: '2026-01-01T00:00:00Z' })],
  ])('from %s moves the consumer back, which reads again without repeated effects', async (_, placeOf) => {
    const variantId = await forSale(shop, { stock: 10 });
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
    await sagaEnds(shop, order.id, 'COMPLETED');
    const { cursor } = await caughtUp();
    const messages = await inbox();
    expect(messages).toBeGreaterThan(0);
    const { action, userErrors } = await change(REPLAY, {
      consumer: 'notification',
      ...(await placeOf(cursor.split('.')[0])),
    });
    expect(userErrors).toEqual([]);
    expect(action).toMatchObject({ action: 'REPLAY', fromCursor: cursor, events: 0 });
    const behind = BigInt(action.toCursor.split('.')[1]);
    expect(behind).toBeLessThan(BigInt(cursor.split('.')[1]));
    await caughtUp();
    expect((await notification()).cursor).not.toBe(action.toCursor);
    expect(await inbox()).toBe(messages);
  });

  test('is refused for a consumer that is not declared replayable', async () => {
    expect((await change(REPLAY, { consumer: IDLE, since: '2026-01-01T00:00:00Z' })).userErrors).toEqual([
      { code: 'NOT_REPLAYABLE', path: ['input', 'consumer'] },
    ]);
  });

  test('needs exactly one start, which the log still has and the consumer has passed', async () => {
    const { cursor } = await notification();
    const [generation] = cursor.split('.');
    const errors = async (input: object) =>
      (await change(REPLAY, { consumer: 'notification', ...input })).userErrors.map(
        ({ code }: { code: string }) => code,
      );
    const since = '2026-01-01T00:00:00Z';
    expect(await errors({})).toEqual(['INVALID_INPUT']);
    expect(await errors({ from: cursor, since })).toEqual(['INVALID_INPUT']);
    for (const from of ['nonsense', `${generation}.08.1`]) expect(await errors({ from })).toEqual(['INVALID_INPUT']);
    expect(await errors({ from: '00000000.1.0' })).toEqual(['CURSOR_EXPIRED']);
    expect(await errors({ from: `${generation}.999999999.0` })).toEqual(['INVALID_STATE']);
    await sql`update platform.log_identity set oldest_xid = '2'`.execute(shop.kysely);
    expect(await errors({ from: `${generation}.1.0` })).toEqual(['CURSOR_EXPIRED']);
    await sql`update platform.log_identity set oldest_xid = '0'`.execute(shop.kysely);
  });
});

test('the audit is append-only, and shows the latest action first', async () => {
  await park(IDLE, 'order_1', 1);
  await change(REDRIVE, { consumer: IDLE, aggregateKey: 'order:order_1' }, admin);
  const { nodes } = (await done(shop.ask(ACTIONS, { filter: { consumer: IDLE } }, viewer))).eventActions;
  expect(nodes[0]).toMatchObject({ action: 'REDRIVE', consumerName: IDLE, by: admin.id });
  for (const statement of [
    sql`update orchestration.event_action set reason = 'another'`,
    sql`delete from orchestration.event_action`,
    sql`truncate orchestration.event_action`,
  ])
    await expect(statement.execute(shop.kysely)).rejects.toThrow('append-only');
});

test('a caller who is not staff sees nothing, and a viewer changes nothing', async () => {
  const merchant = actor({ roles: ['MERCHANT'] });
  for (const query of [CONSUMERS, LETTERS, ACTIONS])
    expect((await shop.ask(query, {}, merchant)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  const [dead] = await park(IDLE, 'order_1', 1);
  const inputs: [string, object][] = [
    [REDRIVE, { consumer: IDLE, aggregateKey: 'order:order_1' }],
    [DISCARD, { consumer: IDLE, eventId: dead }],
    [REBUILD, { consumer: IDLE }],
    [REPLAY, { consumer: 'notification', since: '2026-01-01T00:00:00Z' }],
  ];
  for (const [mutation, input] of inputs)
    for (const who of [merchant, viewer]) expect(await change(mutation, input, who)).toBe('FORBIDDEN');
  expect((await letters({ filter: { state: 'DEAD' } })).nodes).toHaveLength(1);
});
