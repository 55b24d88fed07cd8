import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { migrate, pendingMigrations } from './migrator.ts';

let database: TestDatabase;
let directory: string;
let lines: string[];

beforeEach(async () => {
  database = await testDatabase();
  directory = mkdtempSync(join(tmpdir(), 'agora-migrations-'));
  lines = [];
});

afterEach(async () => {
  await database.drop();
  rmSync(directory, { recursive: true });
});

const file = (name: string, sql: string) => writeFileSync(join(directory, name), sql);
const run = (extra?: { name: string; sql: string }[]) =>
  migrate(database.url, [{ schema: 'room', directory, extra }], (line) => lines.push(line));

const tables = async () => {
  const { rows } = await database.pool.query(
    `select schemaname || '.' || tablename as name from pg_tables
      where schemaname in ('room', 'public') order by tablename`,
  );
  return rows.map((row) => row.name);
};

test('files are applied in order, in the schema of their room, and reported', async () => {
  file('0002-more.sql', 'alter table thing add column size int;');
  file('0001-tables.sql', 'create table thing (id text primary key); create table other (id text);');
  expect(await run()).toBe(2);
  expect(await tables()).toEqual(['room.other', 'room.thing']);
  expect(lines).toEqual([
    expect.stringMatching(/^room: 0001-tables\.sql applied in \d+ ms$/),
    expect.stringMatching(/^room: 0002-more\.sql applied in \d+ ms$/),
    expect.stringMatching(/^2 of 2 migrations applied in \d+ ms$/),
  ]);
});

test('an applied file is not applied again, a new one is', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key)');
  await run();
  expect(await run()).toBe(0);
  file('0002-more.sql', 'create table other (id text)');
  expect(await run()).toBe(1);
  expect(await tables()).toEqual(['room.other', 'room.thing']);
});

test("the platform's files for each room come before the files of the room", async () => {
  file('0001-tables.sql', 'insert into receipt values (1)');
  expect(await run([{ name: 'platform-1', sql: 'create table receipt (id int)' }])).toBe(2);
  expect((await database.pool.query('select id from room.receipt')).rows).toEqual([{ id: 1 }]);
});

test('a room without a folder has no migrations', async () => {
  expect(await migrate(database.url, [{ schema: 'room', directory: join(directory, 'none') }], () => {})).toBe(0);
});

test('a file that was edited after it was applied stops the start, before anything is applied', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key)');
  await run();
  file('0001-tables.sql', 'create table thing (id text primary key, size int)');
  file('0002-more.sql', 'create table other (id text)');
  await expect(run()).rejects.toThrow(/room: 0001-tables\.sql was edited after it was applied/);
  expect(await tables()).toEqual(['room.thing']);
});

test('a failed file says which, where and why, and leaves nothing of itself behind', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key)');
  file('0002-more.sql', 'create table other (id text);\n\nalter table thing\n  add column size intt;\n');
  await expect(run()).rejects.toThrow(
    'room: 0002-more.sql, line 4: type "intt" does not exist\n  4 |   add column size intt;',
  );
  expect(await tables()).toEqual(['room.thing']);
  file('0002-more.sql', 'alter table thing add column size int');
  expect(await run()).toBe(1);
});

test('a file with a wrong name, or two with one number, are refused', async () => {
  file('tables.sql', 'select 1');
  await expect(run()).rejects.toMatchObject({ code: 'MIGRATION_MISNAMED' });
  rmSync(join(directory, 'tables.sql'));
  file('0001-a.sql', 'select 1');
  file('0001-b.sql', 'select 1');
  await expect(run()).rejects.toMatchObject({ code: 'MIGRATION_MISNAMED' });
});

test('an index can be built outside a transaction', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key, size int)');
  file('0002-index.sql', '-- no transaction\ncreate index concurrently thing_size on thing (size);');
  expect(await run()).toBe(2);
  const { rows } = await database.pool.query(`select schemaname from pg_indexes where indexname = 'thing_size'`);
  expect(rows).toEqual([{ schemaname: 'room' }]);
});

test('of two processes that start at once one migrates and the other finds the work done', async () => {
  file('0001-tables.sql', 'select pg_sleep(0.3); create table thing (id text primary key)');
  expect((await Promise.all([run(), run()])).sort((a, b) => a - b)).toEqual([0, 1]);
  expect(lines).toContain('another process is changing this database: waiting for it');
});

test('an index built concurrently does not wait for a process that waits for its turn', async () => {
  file('0001-tables.sql', 'select pg_sleep(0.3); create table thing (id text primary key, size int)');
  file('0002-index.sql', '-- no transaction\ncreate index concurrently thing_size on thing (size);');
  expect((await Promise.all([run(), run(), run()])).sort((a, b) => a - b)).toEqual([0, 0, 2]);
});

test("a library's own migration takes its turn with the others, is pending until it is done, and again in another version", async () => {
  let [under, most] = [0, 0];
  const library = (name: string) => ({
    schema: 'library',
    name,
    async apply() {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 100));
      under--;
    },
  });
  const sets = [{ schema: 'room', directory }];
  const together = () => migrate(database.url, sets, () => {}, [library('1.0')]);
  const broken = { ...library('1.0'), apply: () => Promise.reject(new Error('no')) };
  await expect(migrate(database.url, sets, () => {}, [broken])).rejects.toThrow('no');
  expect(await pendingMigrations(database.url, sets, [library('1.0')])).toHaveLength(1);
  await Promise.all([together(), together(), together()]);
  expect(most).toBe(1);
  expect(await pendingMigrations(database.url, sets, [library('1.0')])).toEqual([]);
  expect(await pendingMigrations(database.url, sets, [library('1.1')])).toHaveLength(1);
});

test('a migration may take longer than a command', async () => {
  file('0001-slow.sql', `select 1 / (current_setting('transaction_timeout') = '0')::int`);
  file('0002-slow.sql', `select 1 / (current_setting('statement_timeout') = '0')::int`);
  expect(await run()).toBe(2);
});

test('a statement that fails is named by its number in the file', async () => {
  file(
    '0001-tables.sql',
    "create table thing (id text primary key); insert into thing values ('a'); insert into thing values ('a');",
  );
  await expect(run()).rejects.toThrow('room: 0001-tables.sql, statement 3: duplicate key');
  expect(await tables()).toEqual([]);
});

test('pending migrations can be listed without being applied', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key)');
  const pending = async () =>
    (await pendingMigrations(database.url, [{ schema: 'room', directory }])).map(({ name }) => name);
  expect(await pending()).toEqual(['0001-tables.sql']);
  expect(await tables()).toEqual([]);
  await run();
  file('0002-more.sql', 'create table other (id text)');
  expect(await pending()).toEqual(['0002-more.sql']);
});

test('a migration does not queue for a table that is locked for long: other sessions go on using it meanwhile', async () => {
  file('0001-tables.sql', 'create table thing (id text primary key)');
  await run();
  file('0002-more.sql', 'alter table thing add column size int');
  const holder = await database.pool.connect();
  await holder.query('begin; select from room.thing');
  const migrating = run();
  while (!lines.some((line) => line.includes('waits for a lock')))
    await new Promise((resolve) => setTimeout(resolve, 20));
  // Behind a waiting `alter table` this would wait for the holder of the lock, who waits for us.
  await database.pool.query('select from room.thing');
  await holder.query('commit');
  holder.release();
  expect(await migrating).toBe(1);
});
