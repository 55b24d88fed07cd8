/** The cluster of an embedded database is gone, as with a disk that is not mounted: it is missed, and not made anew. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { until } from '../../tests/support/until.ts';
import { copyEmbedded } from '../embedded-copy.ts';
import { deleteEmbeddedPostgres, type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { keepRunning } from './keep-running.ts';

let seed: string;
let folder: string;
let dataDir: string;
let cluster: string;
let elsewhere: string;

const temporaryFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(made, 0o755);
  return made;
};

beforeAll(async () => {
  seed = temporaryFolder();
  const server = await startEmbeddedPostgres({ dataDir: join(seed, 'postgres'), log: () => {} });
  await ask(server, 'create table kept as select 1 as one');
  await server.stop();
});
afterAll(() => rmSync(seed, { recursive: true, force: true }));
beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder, 'postgres');
  cluster = join(dataDir, 'cluster');
  elsewhere = join(folder, 'elsewhere');
  execFileSync('cp', ['-a', join(seed, 'postgres'), dataDir]);
});
afterEach(async () => {
  await deleteEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

const start = (mustExist?: boolean) => startEmbeddedPostgres({ dataDir, log: () => {}, alone: true, mustExist });

async function ask({ url }: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a start misses a cluster that a server has run on, also where an empty folder stands in its place', async () => {
  renameSync(cluster, elsewhere);
  const before = readdirSync(dataDir);
  const gone = {
    code: 'DATABASE_GONE',
    message: expect.stringMatching(/any more.*Bring it back.*db:restore.*--reset/),
  };
  await expect(start()).rejects.toMatchObject(gone);
  expect(readdirSync(dataDir)).toEqual(before);
  mkdirSync(cluster);
  await expect(start()).rejects.toMatchObject(gone);
  expect(readdirSync(cluster)).toEqual([]);
  await expect(copyEmbedded(dataDir, join(folder, 'backup'))).rejects.toMatchObject({ code: 'NO_DATA' });
  rmdirSync(cluster);
  renameSync(elsewhere, cluster);
  const server = await start();
  expect(await ask(server, 'select one from kept')).toEqual([{ one: 1 }]);
  await server.stop();
});

test('after a deletion that was asked for, also one that was cut short, a cluster is made', async () => {
  rmSync(join(dataDir, 'port'));
  rmSync(cluster, { recursive: true });
  const server = await start();
  expect(await ask(server, `select to_regclass('kept') as kept`)).toEqual([{ kept: null }]);
  await server.stop();
  await deleteEmbeddedPostgres(dataDir);
  await (await start()).stop();
});

test('a server that must exist is not started on nothing, and no folder is made that would hinder its return', async () => {
  renameSync(dataDir, elsewhere);
  await expect(start(true)).rejects.toMatchObject({ code: 'DATABASE_GONE' });
  expect(existsSync(dataDir)).toBe(false);
});

test.each(['the cluster', 'the whole folder'])(
  'a server that dies because %s is gone is waited for, and goes on with its rows when it is back',
  async (what) => {
    const [from, to] = what === 'the cluster' ? [cluster, elsewhere] : [dataDir, elsewhere];
    const codes: unknown[] = [];
    const said: string[] = [];
    const server = await start();
    const kept = keepRunning(server, {
      dataDir,
      log: (line) => said.push(line),
      alone: true,
      initialMs: 20,
      maxMs: 100,
      onFailure: (error) => codes.push((error as { code?: string }).code),
    });
    renameSync(from, to);
    process.kill(server.pid, 'SIGKILL');
    await until('three starts have failed', () => codes.length >= 3);
    expect(new Set(codes)).toEqual(new Set(['DATABASE_GONE']));
    expect(kept.failure).toMatchObject({ code: 'DATABASE_GONE' });
    expect(existsSync(from)).toBe(false);
    renameSync(to, from);
    await until('it runs again', () => said.some((line) => line.endsWith('runs again')));
    await until('it says so', () => kept.failure === undefined);
    expect(await ask(server, 'select one from kept')).toEqual([{ one: 1 }]);
    await kept.stop();
  },
);
