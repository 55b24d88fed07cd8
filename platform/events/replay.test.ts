import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { noteEffect, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import type { Consumer } from '../consumers/consumer.ts';
import { type Cursor, START } from './cursor.ts';
import { readLog } from './event-log.ts';
import { on } from '../consumers/handler.ts';
import { moveBack, placeBefore } from './replay.ts';

let small: SmallAgent;
let reader: Consumer;
let isBroken = false;

beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());

beforeEach(async () => {
  isBroken = false;
  await small.empty();
  reader = small.consumer('reader', [
    on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => {
      if (isBroken && event.aggregateId === 'poison') throw new Error('cannot read this');
      await noteEffect(sql, 'reader', event);
    }),
  ]);
  await reader.register();
});

const rows = async <Row = any>(text: string): Promise<Row[]> => (await small.database.pool.query(text)).rows;
const applied = async (): Promise<string[]> =>
  (await rows('select aggregate_id, version from small.effect order by n')).map(
    (row) => `${row.aggregate_id}${row.version}`,
  );
const parked = () => rows('select * from platform.parked_event order by xid, position');
const back = (to: Cursor) => small.kysely.transaction().execute((transaction) => moveBack(transaction, 'reader', to));
const readUntil = (effects: number) =>
  until(`${effects} are applied`, async () => (await reader.step(), (await applied()).length === effects));
const logged = async () => (await readLog(small.kysely, START, { limit: 100 })).events;

test('a consumer that was moved back replays the log from there, in order', async () => {
  for (const id of ['a', 'b', 'a']) await small.write(id);
  await readUntil(3);
  const [first, , last] = await logged();
  expect(await back(first!)).toEqual({ from: { xid: last!.xid, position: last!.position }, unparked: 0 });
  await readUntil(5);
  expect(await applied()).toEqual(['a1', 'b1', 'a2', 'b1', 'a2']);
});

test('no consumer is moved forward, and an unknown consumer is not moved', async () => {
  await small.write('a');
  await readUntil(1);
  const [event] = await logged();
  expect(await back(event!)).toBeUndefined();
  expect(await back({ xid: '99999999', position: '0' })).toBeUndefined();
  const nobody = small.kysely.transaction().execute((transaction) => moveBack(transaction, 'nobody', START));
  expect(await nobody).toBeUndefined();
  expect(await rows('select xid::text as xid, position::text as position from platform.log_cursor')).toEqual([
    { xid: event!.xid, position: event!.position },
  ]);
});

test('events parked after the new cursor are replayed in order; those parked before it stay', async () => {
  isBroken = true;
  await small.write('poison');
  await small.write('a');
  await small.write('poison');
  await until('both are parked', async () => (await reader.step(), (await parked()).length === 2));
  const [, second] = await logged();
  expect(await back(second!)).toMatchObject({ unparked: 1 });
  expect((await parked()).map(({ event }) => event.aggregate_version)).toEqual([1]);
  await until('the second is parked again', async () => (await reader.step(), (await parked()).length === 2));
  await back(START);
  expect(await parked()).toEqual([]);
  isBroken = false;
  await readUntil(4);
  expect(await applied()).toEqual(['a1', 'poison1', 'a1', 'poison2']);
});

test('a replay waits for the batch in hand', async () => {
  await small.write('a');
  await readUntil(1);
  await small.write('b');
  const inside = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = small.consumer('reader', [
    on(noteWritten.type, noteWritten.payload, async () => {
      inside.resolve();
      await release.promise;
    }),
  ]);
  await until('it is visible', async () => (await logged()).length === 2);
  const batch = slow.step();
  await inside.promise;
  const moved = back(START);
  await until('it waits', async () => {
    const waiting = await rows(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
    );
    return waiting.length === 1;
  });
  release.resolve();
  await batch;
  const [, last] = await logged();
  expect(await moved).toMatchObject({ from: { xid: last!.xid } });
});

test('the cursor for a time is before all events since then, and after those that are clearly older', async () => {
  for (let n = 0; n < 20; n++) await small.write('a');
  await until('all are visible', async () => (await logged()).length === 20);
  const events = await logged();
  // As if one event had been written every minute.
  const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 12, n));
  for (const [n, { xid }] of events.entries())
    await raw(small.kysely, 'update platform.event_log set at = $2 where xid = $1::xid8', [
      xid,
      minute(n).toISOString(),
    ]);
  const since = async (time: Date) => {
    const page = await readLog(small.kysely, await placeBefore(small.kysely, time), { limit: 100 });
    return page.events[0]?.aggregateVersion;
  };
  expect(await since(minute(0))).toBe(1);
  expect(await since(minute(7))).toBe(8);
  expect(await since(new Date(minute(7).getTime() + 30_000))).toBe(9);
  expect(await since(new Date(minute(7).getTime() + 5000))).toBe(8);
  expect(await since(minute(19))).toBe(20);
  expect(await since(minute(60))).toBeUndefined();
  expect(await since(new Date(0))).toBe(1);
});
