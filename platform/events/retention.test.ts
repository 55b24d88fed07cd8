import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { kyselyOver } from '../../db/kysely.ts';
import { createPool } from '../../db/pool.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { smallFixture } from '../../tests/support/small-agent.ts';
import { silentLogger } from '../log.ts';
import { LogNotifier } from './log-notifier.ts';
import { encodeCursor } from './cursor.ts';
import { logIdentity } from './event-log.ts';
import { on } from '../consumers/handler.ts';
import { LiveLog } from './live.ts';
import { partitions } from './partitions.ts';
import { type Retention, dropOldPartitions } from './retention.ts';
import { z } from 'zod';

/** Width of tiny partitions in the past: transactions 0 to 399, a hundred each, and the rest. */
const WIDTH = 100n;
const now = new Date('2026-06-01T12:00:00Z');
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase({
    sets: [{ schema: 'platform', directory: join(import.meta.dirname, '../migrations') }],
  });
  for (const { name } of await partitions(database.kysely)) await query(`drop table platform.${name}`);
  for (const n of [0, 1, 2, 3]) await make(`event_log_${n}`, n * 100, n * 100 + 100);
  await make('event_log_4', 400, 1_000_000_000);
  // Two events in each partition, younger in later ones.
  for (const [xid, days] of [
    [10, 90],
    [90, 70],
    [110, 60],
    [190, 50],
    [210, 40],
    [290, 31],
    [310, 29],
    [390, 5],
    [410, 1],
  ] as const)
    await query(
      `insert into platform.event_log (xid, id, type, source, aggregate_type, aggregate_id, aggregate_version, payload, at)
       values ($1::text::xid8, gen_random_uuid(), 'note.written', 'small', 'note', $1::text, 1, '{}', $2)`,
      [xid, daysAgo(days)],
    );
});
afterEach(() => database.drop());

const query = (text: string, values?: unknown[]) => database.pool.query(text, values);
const make = (name: string, from: number, to: number) =>
  query(`create table platform.${name} partition of platform.event_log for values from ('${from}') to ('${to}')`);
const stands = (consumer: string, xid: number, heardOf: number) =>
  query(`insert into platform.log_cursor (consumer, xid, position, moved_at) values ($1, $2::text::xid8, 0, $3)`, [
    consumer,
    xid,
    daysAgo(heardOf),
  ]);
const run = (): Promise<Retention> =>
  dropOldPartitions(database.kysely, { before: new Date(daysAgo(30)), now, width: WIDTH });
const left = async (): Promise<string[]> => {
  const { rows } = await query(`select tablename from pg_tables where tablename like 'event_log_%' order by 1`);
  return rows.map((row) => row.tablename);
};

describe('partitions are dropped', () => {
  test('when all their events are old and every consumer has read them, and no others', async () => {
    await stands('fast', 410, 0);
    await stands('slow', 320, 0);
    expect(await run()).toEqual({ dropped: ['event_log_0', 'event_log_1', 'event_log_2'], abandoned: [] });
    expect(await left()).toEqual(['event_log_3', 'event_log_4']);
    expect((await run()).dropped).toEqual([]);
  });

  test('only as far as the slowest consumer has read', async () => {
    await stands('fast', 410, 0);
    await stands('slow', 199, 0);
    expect((await run()).dropped).toEqual(['event_log_0']);
    await query(`update platform.log_cursor set xid = '200' where consumer = 'slow'`);
    expect((await run()).dropped).toEqual(['event_log_1']);
  });

  test('also when they are empty, once the events after them are old', async () => {
    await query(`delete from platform.event_log where xid < '200'`);
    expect((await run()).dropped).toEqual(['event_log_0', 'event_log_1', 'event_log_2']);
  });

  test('but never the last one, however old', async () => {
    await query(`update platform.event_log set at = '2001-01-01'`);
    expect((await run()).dropped).toHaveLength(4);
    expect(await left()).toEqual(['event_log_4']);
  });

  test('also if the last attempt was interrupted while it waited for a reader', async () => {
    const reader = await database.pool.connect();
    await reader.query('begin; select count(*) from platform.event_log');
    const impatient = createPool({ url: database.url, max: 1, name: 'agora test', lockTimeout: 200 });
    const detach = 'alter table platform.event_log detach partition platform.event_log_0 concurrently';
    await expect(impatient.query(detach)).rejects.toThrow('lock timeout');
    await impatient.end();
    expect((await partitions(database.kysely))[0]).toMatchObject({ name: 'event_log_0', isLeaving: true });
    await reader.query('rollback');
    reader.release();
    expect((await run()).dropped).toEqual(['event_log_0', 'event_log_1', 'event_log_2']);
    expect(await left()).toEqual(['event_log_3', 'event_log_4']);
  });

  test('also if the last attempt was interrupted between a detach and its drop', async () => {
    await query(`update platform.log_identity set oldest_xid = '100'`);
    await query('alter table platform.event_log detach partition platform.event_log_0');
    // Created for future transactions and not attached yet: it stays.
    await query('create table platform.event_log_9999999 (like platform.event_log)');
    expect((await run()).dropped).toEqual(['event_log_1', 'event_log_2', 'event_log_0']);
    expect(await left()).toEqual(['event_log_3', 'event_log_4', 'event_log_9999999']);
  });

  test('on a connection that has its timeouts again afterwards', async () => {
    const pool = createPool({ url: database.url, max: 1, name: 'agora test' });
    const limits = async () =>
      (
        await pool.query(
          `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout') order by name`,
        )
      ).rows;
    const before = await limits();
    await dropOldPartitions(kyselyOver(pool), { before: new Date(daysAgo(30)), now, width: WIDTH });
    expect(await limits()).toEqual(before);
    expect(before.map(({ setting }) => setting)).toEqual(['3000', '4000', '5000']);
    await pool.end();
  });
});

describe('a consumer that no process has run for a week', () => {
  test('holds the log back, and is reported with its last heartbeat', async () => {
    await stands('gone', 50, 8);
    await stands('busy', 50, 0);
    expect(await run()).toEqual({ dropped: [], abandoned: [{ consumer: 'gone', since: null }] });
    await query(
      `insert into platform.agent (name, area, title, description, skills, status, started_at, heartbeat_at, instance)
       values ('gone', 'system', 'x', 'x', '[]', 'RUNNING', $1, $1, 'x')`,
      [daysAgo(9)],
    );
    expect((await run()).abandoned).toEqual([{ consumer: 'gone', since: new Date(daysAgo(9)) }]);
    await query('update platform.agent set heartbeat_at = $1', [daysAgo(6)]);
    expect((await run()).abandoned).toEqual([]);
  });

  test('is reported if it is a projection that is gone, whose agent lives', async () => {
    await stands('living.gone', 50, 8);
    await stands('living.busy', 50, 0);
    await query(
      `insert into platform.agent (name, area, title, description, skills, status, started_at, heartbeat_at, instance)
       values ('living', 'system', 'x', 'x', '[]', 'RUNNING', $1, $1, 'x')`,
      [daysAgo(0)],
    );
    expect((await run()).abandoned).toEqual([{ consumer: 'living.gone', since: new Date(daysAgo(8)) }]);
  });

  test('is not reported while it holds nothing back', async () => {
    await stands('gone', 300, 8);
    expect((await run()).abandoned).toEqual([]);
  });
});

test('a client’s cursor in a dropped partition is answered with CURSOR_EXPIRED, a later one goes on', async () => {
  const { generation } = await logIdentity(database.kysely);
  const live = new LiveLog({ kysely: database.kysely, notifier: new LogNotifier(), log: silentLogger });
  const next = (xid: string) =>
    live
      .follow({
        types: ['note.written'],
        after: encodeCursor({ xid, position: '0' }, generation),
        signal: AbortSignal.timeout(2000),
      })
      .next();
  expect((await next('290')).value).toMatchObject({ event: { aggregateId: '290' } });
  await run();
  await expect(next('290')).rejects.toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } });
  expect((await next('305')).value).toMatchObject({ event: { aggregateId: '310' } });
});

test('a new consumer begins with the oldest event that the log still holds', async () => {
  await run();
  const read: string[] = [];
  const { consumer } = await smallFixture(database.kysely);
  const late = consumer('late', [
    on('note.written', z.object({}), async (_, event) => void read.push(event.aggregateId)),
  ]);
  await late.register();
  await late.step();
  expect(read).toEqual(['310', '390', '410']);
});
