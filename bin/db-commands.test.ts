/** The operators' commands, as processes, on a database that begins empty. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { launchAgents } from '../tests/support/agent-process.ts';
import { type AgoraProcess, startAgora } from '../tests/support/agora-process.ts';
import { asAdmin, type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { until } from '../tests/support/until.ts';
import { keysOf } from './distributed/cluster.ts';

const prefix = `test_${randomBytes(4).toString('hex')}`;
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await testDatabase();
  folder = mkdtempSync(join(tmpdir(), 'agora-commands-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
  await asAdmin(async (admin) => {
    const { rows } = await admin.query('select rolname from pg_roles where starts_with(rolname, $1)', [prefix]);
    for (const { rolname } of rows) await admin.query(`drop role ${rolname}`);
  });
});

/** Runs a command. Returns its exit code and output. */
async function run(
  command: string,
  ...given: (string | Record<string, string>)[]
): Promise<{ code: number; said: string }> {
  const args = given.filter((one) => typeof one === 'string');
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    DATABASE_ADMIN_URL: process.env.AGORA_TEST_ADMIN_URL,
    ...given.find((one) => typeof one === 'object'),
  };
  const program = join(import.meta.dirname, `${command}.ts`);
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--no-warnings', program, ...args], {
      env,
    });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

test('a database is migrated, given roles, and served by agents each on its own', async () => {
  const out = join(folder, 'secrets.env');
  const tooSoon = await run('db-roles', '--out', out, '--prefix', prefix);
  expect(tooSoon).toMatchObject({ code: 1, said: expect.stringContaining('run `npm run db:migrate` first') });

  const dry = await run('db-migrate', '--dry-run');
  expect(dry).toMatchObject({ code: 0, said: expect.stringContaining('platform: 0001-event-log.sql is pending') });
  // A process that was started too soon waits for all of it, the tables of the sagas' engine included.
  const worker = launchAgents(['orchestration'], { ...keysOf(folder), DATABASE_URL: database.url });
  try {
    await until('the worker waits', () => worker.output().includes('npm run db:migrate'));
    const together = await Promise.all([run('db-migrate'), run('db-migrate'), run('db-migrate')]);
    expect(together.map(({ code }) => code)).toEqual([0, 0, 0]);
    const applied = together.filter(({ said }) => /order: 0001-\S+ applied in \d+ ms/.test(said));
    expect(applied).toHaveLength(1);
    expect((await fetch(`${(await worker.ready()).url}/health/ready`)).status).toBe(200);
  } finally {
    worker.child.kill('SIGKILL');
  }
  expect(await run('db-migrate', '--dry-run')).toEqual({ code: 0, said: 'nothing is pending\n' });

  const nowhere = await run('db-roles', '--prefix', prefix);
  expect(nowhere).toMatchObject({ code: 1, said: expect.stringContaining('--out FILE') });
  const both = await Promise.all([1, 2].map(() => run('db-roles', '--out', out, '--prefix', prefix)));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const [roles, ...rest] = both.filter(({ said }) => said.includes(`${prefix}_order: made`));
  expect(rest).toEqual([]);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const secrets = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(/=(.*)/s) as [string, string]);
  for (const [, address] of secrets) expect(roles!.said).not.toContain(new URL(address).password);

  const env = { ...Object.fromEntries(secrets), DATABASE_URL: database.url, PORT: '0' };
  let agora: AgoraProcess | undefined;
  try {
    agora = await startAgora({ data: folder, args: ['--empty'], env });
    const { rows } = await database.pool.query(
      `select distinct usename::text as role from pg_stat_activity where datname = current_database() and application_name <> 'agora test'`,
    );
    const used = rows.map(({ role }) => role);
    for (const agent of ['order', 'payment', 'orchestration']) expect(used).toContain(`${prefix}_${agent}`);
    expect((await fetch(`${agora.url}/health/ready`)).status).toBe(200);
  } finally {
    await agora?.end();
  }
}); // Seven processes, one after the other.

test('a failed migration of the sagas’ engine is reported, and the command exits with 1', async () => {
  const clash = await testDatabase();
  try {
    await clash.pool.query('create schema dbos; create table dbos.workflow_status (x int)');
    const { code, said } = await run('db-migrate', { DATABASE_URL: clash.url });
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('The migration failed: ') });
    expect((await clash.pool.query(`select from platform.migration where schema = 'dbos'`)).rowCount).toBe(0);
  } finally {
    await clash.drop();
  }
});

test('a failed migration is reported, and the command exits with 1', async () => {
  await database.pool.query(`update platform.migration set checksum = 'another' where schema = 'order'`);
  expect(await run('db-migrate')).toMatchObject({
    code: 1,
    said: expect.stringContaining('The migration failed: order: '),
  });
  expect(existsSync(join(folder, 'secrets.env'))).toBe(true);
});
