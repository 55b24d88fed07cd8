import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { createPartitions, partitions, partitionsAhead } from './partitions.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({
    sets: [{ schema: 'platform', directory: join(import.meta.dirname, '../migrations') }],
  });
});
afterAll(() => database.drop());

test('missing partitions are created and take events; existing ones stay', async () => {
  const { kysely } = database;
  const before = await partitions(kysely);
  expect(await createPartitions(kysely)).toEqual([]);
  expect(await partitionsAhead(kysely)).toBe(2);
  const last = before.at(-1)!;
  await sql`alter table platform.event_log detach partition platform.${sql.ref(last.name)}`.execute(kysely);
  await sql`drop table platform.${sql.ref(last.name)}`.execute(kysely);
  expect(await partitionsAhead(kysely)).toBe(1);
  expect(await createPartitions(kysely)).toEqual([last.name]);
  expect(await partitions(kysely)).toEqual(before);
  await sql`insert into platform.event_log (xid, id, type, source, aggregate_type, aggregate_id, aggregate_version, payload)
            values (${String(last.from + 1n)}::xid8, gen_random_uuid(), 't', 's', 'a', 'a', 1, '{}')`.execute(kysely);
});

test('partitions are contiguous, the oldest first', async () => {
  const found = await partitions(database.kysely);
  expect(found).toHaveLength(3);
  found.slice(1).forEach(({ from }, n) => expect(from).toBe(found[n]!.to));
  expect(found.map(({ isLeaving }) => isLeaving)).toEqual([false, false, false]);
});
