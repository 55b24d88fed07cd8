/** Broken files in the folder of an embedded database: each is mended, or named with what to do. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { giveTo, serverIdentity } from './identity.ts';

const identity = serverIdentity();
let seed: string;
let folder: string;
let dataDir: string;

const temporaryFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(made, 0o755);
  return made;
};

beforeAll(async () => {
  seed = temporaryFolder();
  await (await startEmbeddedPostgres({ dataDir: join(seed, 'postgres'), log: () => {} })).stop();
});
afterAll(() => rmSync(seed, { recursive: true, force: true }));
beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder, 'postgres');
  execFileSync('cp', ['-a', join(seed, 'postgres'), dataDir]);
});
afterEach(async () => {
  await deleteEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

const start = () => startEmbeddedPostgres({ dataDir, log: () => {} });
const beginAnew = () => rmSync(dataDir, { recursive: true });

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a broken file', () => {
  const write = (name: string, text: string) => writeFileSync(join(dataDir, name), text);
  const refusal = () => start().then(String, (error: { code: string; message: string }) => error);

  test('passwords that cannot be used are refused, with the file and what to do', async () => {
    for (const [text, what] of [
      ['', 'is empty'],
      ['{"superuser": "ab', 'does not hold'],
      ['{"superuser":"ab"}', 'does not hold'],
      ['null', 'does not hold'],
      ['{"superuser":"ab","agora":"cd"}', 'holds another password'],
      [undefined, 'is missing'],
    ] as const) {
      if (text === undefined) unlinkSync(join(dataDir, 'credentials.json'));
      else write('credentials.json', text);
      const { code, message } = (await refusal()) as { code: string; message: string };
      expect(code).toBe('CREDENTIALS_BROKEN');
      expect(message).toContain(`${join(dataDir, 'credentials.json')} ${what}`);
      expect(message).toContain('--reset');
      // Nothing is left that would hinder the next start.
      expect(existsSync(join(dataDir, 'owner.json'))).toBe(false);
    }
    await deleteEmbeddedPostgres(dataDir);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('the leftovers of a first start that was killed are thrown away, also if its pid belongs to another process now', async () => {
    beginAnew();
    mkdirSync(join(dataDir, `cluster.${process.ppid}`), { recursive: true });
    write(`cluster.${process.ppid}/PG_VERSION`, '18');
    mkdirSync(join(dataDir, 'cluster'));
    write('credentials.json', '');
    write('owner.json', '');
    expect(await ask((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir)).not.toContain(`cluster.${process.ppid}`);
  });

  test('a port and a pid that make no sense hinder no start', async () => {
    for (const [port, pid] of [
      ['', ''],
      ['rubbish', 'rubbish\n'],
      ['99999999', '\0\0\0\0'],
      ['-5', `${process.ppid}\n`],
    ] as const) {
      write('port', port);
      write('cluster/postmaster.pid', pid);
      giveTo(identity, join(dataDir, 'cluster/postmaster.pid'));
      const server = await start();
      expect(readFileSync(join(dataDir, 'port'), 'utf8')).toBe(String(server.port));
      await server.stop();
    }
  });

  test('a folder that is no database, or one of another PostgreSQL, is named and left as it is', async () => {
    for (const [version, code, what] of [
      ['17\n', 'OTHER_POSTGRES_VERSION', 'was made by PostgreSQL 17'],
      ['x', 'CLUSTER_BROKEN', 'has a broken PG_VERSION'],
      ['', 'CLUSTER_BROKEN', 'has a broken PG_VERSION'],
      [undefined, 'CLUSTER_BROKEN', 'PG_VERSION is missing'],
    ] as const) {
      if (version === undefined) rmSync(join(dataDir, 'cluster/PG_VERSION'));
      else write('cluster/PG_VERSION', version);
      expect(await refusal()).toMatchObject({ code, message: expect.stringContaining(what) });
      expect(existsSync(join(dataDir, 'cluster/global/pg_control'))).toBe(true);
    }
    write('cluster/PG_VERSION', '18\n');
    rmSync(join(dataDir, 'cluster/global/pg_control'));
    expect(await refusal()).toMatchObject({
      code: 'POSTGRES_DID_NOT_START',
      message: expect.stringContaining('pg_control'),
    });
  });
});

test('a folder where nothing can be stored is refused with the reason, and no other is taken', async () => {
  const refused = async (where: string, reason: string) => {
    const error = await startEmbeddedPostgres({ dataDir: where, log: () => {} }).then(String, (cause: Error) => cause);
    expect(error).toMatchObject({ code: 'FOLDER_UNUSABLE', message: expect.stringContaining(reason) });
  };
  await refused('/proc/x/postgres', '/proc/x cannot be used');
  await refused('/sys/x', '/sys/x cannot be used');
  writeFileSync(join(folder, 'file'), '');
  await refused(join(folder, 'file'), 'a file');
  await refused(join(folder, 'file', 'postgres'), 'a file');
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
  await refused(join(folder, 'link'), 'leads nowhere');
  symlinkSync(join(folder, 'circle'), join(folder, 'circle'));
  await refused(join(folder, 'circle', 'postgres'), 'circle');
  await refused(join(folder, 'x'.repeat(300)), 'too long');
});
