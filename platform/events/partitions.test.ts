import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { createPartitions, partitions } from './partitions.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({
    sets: [{ schema: 'platform', directory: join(import.meta.dirname, '../migrations') }],
  });
});
afterAll(() => database.drop());

test('partitions that are missing are made and take events; those that are there stay', async () => {
  const { kysely } = database;
  const before = await partitions(kysely);
  expect(await createPartitions(kysely)).toEqual([]);
  const last = before.at(-1)!;
  await sql`alter table platform.event_log detach partition platform.${sql.ref(last)}`.execute(kysely);
  await sql`drop table platform.${sql.ref(last)}`.execute(kysely);
  expect(await createPartitions(kysely)).toEqual([last]);
  expect(await partitions(kysely)).toEqual(before);
  const xid = `${BigInt(last.replace('event_log_', '')) * 10_000_000n + 1n}`;
  await sql`insert into platform.event_log (xid, id, type, source, aggregate_type, aggregate_id, aggregate_version, payload)
            values (${xid}::xid8, gen_random_uuid(), 't', 's', 'a', 'a', 1, '{}')`.execute(kysely);
});
