import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { statementStatistics } from './statement-statistics.ts';

let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(folder, 0o755);
  dataDir = join(folder, 'postgres');
});
afterEach(async () => {
  await deleteEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

const start = (keepsStatementStatistics?: boolean) =>
  startEmbeddedPostgres({ dataDir, log: () => {}, keepsStatementStatistics });

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const FIGURES = 'select query, calls::int from pg_stat_statements';
/** The address of the database that has the figures, for the same role. */
const figuresOf = (url: string): string => url.replace(/\/agora$/, '/postgres');

test('a server keeps no figures of statements unless it is asked to, and those of older data from then on', async () => {
  const before = await start();
  expect(await ask(before.adminUrl, 'show shared_preload_libraries')).toEqual([{ shared_preload_libraries: '' }]);
  expect(await ask(before.adminUrl, `select from pg_extension where extname = 'pg_stat_statements'`)).toEqual([]);
  await before.stop();

  const { url, adminUrl, stop } = await start(true);
  await ask(url, 'select 4711 as asked');
  await ask(adminUrl, `create role other login password 'hunter2'`);
  expect(await ask(figuresOf(url), FIGURES)).toContainEqual({ query: 'select $1 as asked', calls: 1 });
  expect(JSON.stringify(await ask(adminUrl, FIGURES))).not.toContain('hunter2');
  await stop();

  const after = await start();
  expect(await ask(after.url, 'select 4711 as asked')).toEqual([{ asked: 4711 }]);
  await expect(ask(after.adminUrl, FIGURES)).rejects.toThrow('shared_preload_libraries');
});

test('a platform whose PostgreSQL cannot keep them says which variable to leave off', () => {
  expect(() => statementStatistics(folder)).toThrow(/leave DATABASE_STATEMENT_STATISTICS off/);
});
