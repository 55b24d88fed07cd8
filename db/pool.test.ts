import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { isTransient } from '../platform/errors.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { until } from '../tests/support/until.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { kyselyOver } from './kysely.ts';
import { createPool } from './pool.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database?.drop());

test('int8 is read as bigint, by our pool only', async () => {
  const sql = `select 9007199254740993::int8 as large, date '2026-01-31' as day, 1.10::numeric as exact`;
  const { rows } = await database.pool.query(sql);
  expect(rows).toEqual([{ large: 9_007_199_254_740_993n, day: '2026-01-31', exact: '1.10' }]);
  const other = new pg.Client(database.url);
  await other.connect();
  expect((await other.query(sql)).rows[0].large).toBe('9007199254740993');
  await other.end();
});

test('a repeated statement is prepared, and answers the same with other values', async () => {
  const pool = createPool({ url: database.url, max: 1, name: 'prepares' });
  const sql = 'select $1::int + 1 as next';
  for (const value of [1, 2, 3]) expect((await pool.query(sql, [value])).rows).toEqual([{ next: value + 1 }]);
  const prepared = 'select count(*) as times from pg_prepared_statements where statement = $1';
  expect((await pool.query(prepared, [sql])).rows).toEqual([{ times: 1n }]);
  await pool.end();
});

test('a transaction that takes too long is ended, and the pool goes on', async () => {
  const pool = createPool({ url: database.url, max: 1, name: 'short', transactionTimeout: 150, statementTimeout: 0 });
  const kysely = kyselyOver(pool);
  const long = kysely.transaction().execute(async (trx) => {
    await trx.selectNoFrom((eb) => eb.fn('pg_sleep', [eb.val(25)]).as('slept')).execute();
  });
  const error = await long.catch((cause: unknown) => cause);
  expect(isTransient(error)).toBe(true);
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('a statement that takes too long is cancelled', async () => {
  const pool = createPool({ url: database.url, max: 1, name: 'short', statementTimeout: 100 });
  await expect(pool.query('select pg_sleep(2)')).rejects.toMatchObject({ code: '57014' });
  await pool.end();
});

test('each connection carries the name of its pool and the default limits', async () => {
  const pool = createPool({ url: database.url, max: 1, name: 'agora order' });
  const { rows } = await pool.query(
    `select current_setting('application_name') as name, current_setting('transaction_timeout') as transaction,
            current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock`,
  );
  expect(rows).toEqual([{ name: 'agora order', transaction: '5s', statement: '4s', lock: '3s' }]);
  await pool.end();
});

test('when the server restarts, statements in flight fail as transient, the process lives, and the pool recovers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(folder, 0o755);
  const start = () => startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: () => {} });
  const server = await start();
  let lost = 0;
  const pool = createPool({ url: server.url, max: 4, name: 'survivor', onConnectionLost: () => lost++ });
  try {
    const kysely = kyselyOver(pool);
    const idle = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of idle) client.release();
    const inFlight = kysely
      .transaction()
      .execute((trx) => trx.selectNoFrom((eb) => eb.fn('pg_sleep', [eb.val(3)]).as('slept')).execute());
    const failure = inFlight.catch((cause: unknown) => cause);
    const sessions = `select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`;
    await until('the statement is in flight', async () => (await pool.query(sessions)).rowCount === 1);
    await server.stop();
    expect(isTransient(await failure)).toBe(true);
    expect(lost).toBeGreaterThan(0);
    expect(isTransient(await pool.query('select 1').catch((cause: unknown) => cause))).toBe(true);
    expect((await start()).port).toBe(server.port);
    const four = await Promise.all([1, 2, 3, 4].map(() => pool.query('select 1 as one')));
    expect(four.map((result) => result.rows[0].one)).toEqual([1, 1, 1, 1]);
  } finally {
    await pool.end();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});
