import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { raw } from '../platform/data/raw.ts';
import { type Cursor, START } from '../platform/events/cursor.ts';
import { logIdentity, readLog } from '../platform/events/event-log.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { rebaseLog } from './rebase-log.ts';
import { PATIENCE_MS } from '../tests/support/patience.ts';

let database: TestDatabase;
beforeEach(async () => {
  const directory = join(import.meta.dirname, '../platform/migrations');
  database = await testDatabase({ sets: [{ schema: 'platform', directory }] });
});
afterEach(() => database.drop());

/** Appends an event with another server's numbers, or, without any, with this server's. */
const append = (n: number, xid?: number, position?: number) =>
  raw(
    database.kysely,
    `insert into platform.event_log (id, type, source, aggregate_type, aggregate_id, aggregate_version, payload
       ${xid ? ', xid, position' : ''}) overriding system value
     values (gen_random_uuid(), 'x.y', 'x', 'x', 'x', $1, '{}' ${xid ? `, '${xid}', ${position}` : ''})`,
    [n],
  );
const cursor = (consumer: string) =>
  raw<Cursor>(
    database.kysely,
    'select xid::text as xid, position::text as position from platform.log_cursor where consumer = $1',
    [consumer],
  ).then(({ rows }) => rows[0]!);
const after = async (at: Cursor) =>
  (await readLog(database.kysely, at, { limit: 100 })).events.map((event) => event.aggregateVersion);
/**
 * The events after a cursor, once there are so many: a transaction of another test on this server holds the end back.
 */
async function soonAfter(at: Cursor, count: number): Promise<number[]> {
  for (const end = Date.now() + PATIENCE_MS; ; ) {
    const read = await after(at);
    if (read.length >= count || Date.now() > end) return read;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("a log from another server is read on from each consumer's cursor, in its order, and then the new events", async () => {
  // In order of transactions, which is not that of positions.
  for (const [n, xid, position] of [
    [1, 15_000_000, 3],
    [2, 15_000_007, 1],
    [3, 15_000_007, 2],
    [4, 21_000_000, 9],
  ] as const)
    await append(n, xid, position);
  await raw(
    database.kysely,
    `insert into platform.log_cursor (consumer, xid, position) values
       ('new', '0', 0), ('half', '15000007', 1), ('between', '16000000', 5), ('done', '21000000', 9)`,
  );
  await raw(
    database.kysely,
    `insert into platform.parked_event (consumer, aggregate_key, xid, position, event, state) values
       ('half', 'x:x', '15000000', 3, '{"n": 1, "xid": "15000000", "position": "3"}', 'DEAD'),
       ('half', 'x:x', '9000', 2, '{"n": 0}', 'DEAD'), ('half', 'x:x', '9000', 1, '{"n": -1}', 'DEAD')`,
  );
  const before = await logIdentity(database.kysely);
  expect(await after(START)).toEqual([]); // Without it, they are still to come to this server.

  await rebaseLog(database.kysely);
  await append(5);
  expect(await soonAfter(await cursor('new'), 5)).toEqual([1, 2, 3, 4, 5]);
  expect(await soonAfter(await cursor('half'), 3)).toEqual([3, 4, 5]);
  expect(await soonAfter(await cursor('between'), 2)).toEqual([4, 5]);
  expect(await soonAfter(await cursor('done'), 1)).toEqual([5]);
  const { rows } = await raw<{ event: Record<string, unknown>; xid: string; position: string }>(
    database.kysely,
    'select event, xid::text as xid, position::text as position from platform.parked_event order by parked_event.xid, parked_event.position',
  );
  expect(rows.map(({ event }) => event.n)).toEqual([-1, 0, 1]);
  for (const { event, xid, position } of rows) expect(event).toMatchObject({ xid, position });
  const now = await logIdentity(database.kysely);
  expect(now.generation).not.toBe(before.generation);
  // Events without a signature are older than signatures, or they would be taken for forged.
  const first = BigInt((await cursor('done')).xid);
  expect(BigInt(now.oldestXid)).toBe(first);
  expect(BigInt(now.signedFrom)).toBe(BigInt(before.signedFrom) > 15_000_000n ? first + 1n : first);
});

test('an empty log is made to fit as well', async () => {
  await rebaseLog(database.kysely);
  await append(1);
  expect(await soonAfter(START, 1)).toEqual([1]);
});
