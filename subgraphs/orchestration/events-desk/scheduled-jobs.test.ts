import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { FixedClock } from '../../../platform/clock.ts';
import { partitions } from '../../../platform/events/partitions.ts';
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts';
import { logJobs } from './scheduled-jobs.ts';

const clock = new FixedClock('2026-06-01T12:00:00Z');
const logged: string[] = [];
let database: TestDatabase;
beforeEach(async () => {
  logged.length = 0;
  database = await testDatabase({
    sets: [{ schema: 'platform', directory: join(import.meta.dirname, '../../../platform/migrations') }],
  });
});
afterEach(() => database.drop());

/** Runs the scheduled job of this name once on the test's database. */
const perform = (name: string): Promise<void> => {
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const config = { EVENT_RETENTION_DAYS: 30 };
  const agentContext = { store: { read: database.kysely }, clock, log, config } as unknown as AgentContext;
  return logJobs(agentContext)
    .find((job) => job.name === name)!
    .run(new AbortController().signal, database.kysely);
};
const query = (text: string) => database.pool.query(text);

test('missing partitions are created and logged; with enough of them nothing is logged', async () => {
  await perform('make partitions');
  expect(logged).toEqual([]);
  const last = (await partitions(database.kysely)).at(-1)!;
  await query(`drop table platform.${last.name}`);
  await perform('make partitions');
  expect(logged.join('')).toContain(last.name);
  expect(logged.join('')).not.toContain('few partitions');
});

test('few partitions ahead cause a warning, also when no more can be created', async () => {
  const last = (await partitions(database.kysely)).at(-1)!;
  await query(`drop table platform.${last.name}; create table platform.${last.name} (something text)`);
  await expect(perform('make partitions')).rejects.toThrow('column "something"');
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, ahead: 1, msg: expect.stringContaining('few partitions') },
  ]);
});

test('events older than the retention are dropped, unless a consumer has not read them; an abandoned one causes a warning', async () => {
  for (const { name } of await partitions(database.kysely)) await query(`drop table platform.${name}`);
  for (const [n, from, to] of [
    [0, 0, 100],
    [1, 100, 1_000_000_000],
  ] as const)
    await query(
      `create table platform.event_log_${n} partition of platform.event_log for values from ('${from}') to ('${to}')`,
    );
  await query(`insert into platform.event_log (xid, id, type, source, aggregate_type, aggregate_id, aggregate_version, payload, at)
               values ('5', gen_random_uuid(), 't', 's', 'a', 'a', 1, '{}', '2026-05-02T13:00:00Z')`);
  await query(
    `insert into platform.log_cursor (consumer, xid, position, moved_at) values ('gone', '5', 0, '2026-05-01')`,
  );
  await perform('drop old partitions');
  expect(logged).toEqual([]);
  clock.advance(2 * 3_600_000);
  await perform('drop old partitions');
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, consumer: 'gone', msg: expect.stringContaining('abandoned consumer') },
  ]);
  await query('delete from platform.log_cursor');
  await perform('drop old partitions');
  expect((await partitions(database.kysely)).map(({ name }) => name)).toEqual(['event_log_1']);
});
