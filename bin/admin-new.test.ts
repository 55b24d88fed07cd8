/**
 * `npm run admin:new` as the operator of many processes runs it: with identity's own role, and the keys of its process.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatKeyRing, newKey } from '../platform/secrets/key-ring.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { type TestRoles, testRoles } from '../tests/support/roles.ts';
import { migrateDatabase } from '../db/connect/migrate-database.ts';
import { migrationSets } from '../db/connect/migration-sets.ts';

let database: TestDatabase;
let roles: TestRoles;
beforeAll(async () => {
  const agents = await loadAgents();
  database = await testDatabase({ sets: migrationSets(agents) });
  await migrateDatabase(database.url, agents, () => {});
  roles = await testRoles(
    database.url,
    agents.map(({ name }) => name),
  );
});
afterAll(async () => {
  await roles?.end();
  await database.drop();
  await roles?.drop();
});

const EVENT_KEYS = formatKeyRing([newKey()]);

function run(env: Record<string, string>, input: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const who = ['--email', 'you@shop.example', '--name', 'Ada Shop'];
  const program = ['--no-warnings', join(import.meta.dirname, 'admin-new.ts'), ...who, ...args];
  const settings = { env: { ...process.env, AGORA_DATA: '/nowhere', NODE_ENV: 'production', ...env } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, settings, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
    child.stdin!.end(input);
  });
}

const accounts = async () => (await database.pool.query('select email, roles from identity.account')).rows;

test('without the keys of the processes the command names the missing one, and writes nothing', async () => {
  const { code, said } = await run({ DATABASE_URL_IDENTITY: roles.url('identity') }, 'correct horse battery\n');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('Give EVENT_KEYS') });
  expect(await accounts()).toEqual([]);
});

test('identity’s role is enough for the command, and the database counts as begun without demo data then', async () => {
  const env = { DATABASE_URL_IDENTITY: roles.url('identity'), EVENT_KEYS };
  const first = await run(env, 'correct horse battery\r\nthe next command’s line\n');
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining('you@shop.example is an administrator') });
  expect(await accounts()).toEqual([{ email: 'you@shop.example', roles: ['ADMIN'] }]);
  const { rows } = await database.pool.query('select type from platform.event_log');
  expect(rows).toEqual([{ type: 'identity.user_registered' }]);
  expect((await database.pool.query('select with_demo from platform.installation')).rows).toEqual([
    { with_demo: false },
  ]);
  expect(await run(env, 'correct horse battery\n')).toMatchObject({
    code: 1,
    said: expect.stringContaining('already'),
  });
});

test('with other keys than the database was used with no account is made: no consumer would trust its event', async () => {
  const other = { DATABASE_URL_IDENTITY: roles.url('identity'), EVENT_KEYS: formatKeyRing([newKey()]) };
  const { code, said } = await run(other, 'correct horse battery\n', '--another', '--email', 'other@shop.example');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('EVENT_KEYS does not hold it') });
  expect(await accounts()).toHaveLength(1);
  expect((await database.pool.query('select from platform.event_log')).rowCount).toBe(1);
});

test('on roles of an earlier release the command says that they must be brought up to date', async () => {
  await database.pool.query(`revoke execute on function platform.missing_key from ${roles.prefix}_identity`);
  const env = { DATABASE_URL_IDENTITY: roles.url('identity'), EVENT_KEYS };
  const { code, said } = await run(env, 'correct horse battery\n', '--another');
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('npm run db:roles') });
});
