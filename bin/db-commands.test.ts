/** The operators' commands, as processes, on a database that begins empty. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgoraProcess, startAgora } from '../tests/support/agora-process.ts';
import { asAdmin, type TestDatabase, testDatabase } from '../tests/support/database.ts';

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

/** Runs one and tells its exit and all that it said. */
async function run(command: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const env = { ...process.env, DATABASE_URL: database.url, DATABASE_ADMIN_URL: process.env.AGORA_TEST_ADMIN_URL };
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
  const migrated = await run('db-migrate');
  expect(migrated).toMatchObject({ code: 0, said: expect.stringMatching(/order: 0001-\S+ applied in \d+ ms/) });
  expect(await run('db-migrate', '--dry-run')).toEqual({ code: 0, said: 'nothing is pending\n' });

  const nowhere = await run('db-roles', '--prefix', prefix);
  expect(nowhere).toMatchObject({ code: 1, said: expect.stringContaining('--out FILE') });
  const roles = await run('db-roles', '--out', out, '--prefix', prefix);
  expect(roles).toMatchObject({ code: 0, said: expect.stringContaining(`${prefix}_order: made`) });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const secrets = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(/=(.*)/s) as [string, string]);
  for (const [, address] of secrets) expect(roles.said).not.toContain(new URL(address).password);

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

test('a migration that fails says so and exits with 1', async () => {
  await database.pool.query(`update platform.migration set checksum = 'another' where schema = 'order'`);
  expect(await run('db-migrate')).toMatchObject({
    code: 1,
    said: expect.stringContaining('The migration failed: order: '),
  });
  expect(existsSync(join(folder, 'secrets.env'))).toBe(true);
});
