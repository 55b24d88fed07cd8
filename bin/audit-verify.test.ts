/** `npm run audit:verify`, as an operator runs it beside agents that serve. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../platform/data/raw.ts';
import { newId } from '../platform/ids.ts';
import { openAgents, type TestAgents } from '../tests/support/agents.ts';

let agents: TestAgents;
let url: string;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  const [{ name }] = (await raw<{ name: string }>(agents.kysely, 'select current_database() as name')).rows as [
    { name: string },
  ];
  url = Object.assign(new URL(process.env.AGORA_TEST_ADMIN_URL!), { pathname: `/${name}` }).href;
});
afterAll(() => agents.close());

const verify = (...args: string[]) => verifyWith({ DATABASE_URL: url }, ...args);

async function verifyWith(given: Record<string, string>, ...args: string[]): Promise<{ code: number; said: string }> {
  const env = { ...process.env, ...given };
  const program = ['--no-warnings', join(import.meta.dirname, 'audit-verify.ts'), ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}
const someone = (n: number) =>
  agents.ask('identity', 'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } } }', {
    input: { email: `${newId('user')}@example.com`, name: `Ada ${n}`, password: 'correct horse battery' },
  });

test('an unchanged log is whole, and an end of it that was noted is found in it later', async () => {
  expect(await verify()).toMatchObject({ code: 0, said: expect.stringContaining('is whole: 0 entries') });
  await someone(1);
  await someone(2);
  const first = await verify();
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining('is whole: 2 entries') });
  const noted = /--noted (\S+)/.exec(first.said)![1]!;
  await someone(3);
  expect(await verify('--noted', noted)).toMatchObject({ code: 0, said: expect.stringContaining('3 entries') });
  const other = `${noted.slice(0, -1)}${noted.endsWith('0') ? '1' : '0'}`;
  expect(await verify('--noted', other)).toMatchObject({ code: 1, said: expect.stringContaining('BROKEN: entry 2') });
});

test('an entry that the owner of the database has changed is named, and the exit code is 1', async () => {
  await raw(agents.kysely, 'alter table identity.audit_entry disable trigger user');
  await raw(agents.kysely, `update identity.audit_entry set actor_id = 'nobody' where position = 2`);
  expect(await verify()).toEqual({
    code: 1,
    said: expect.stringContaining('BROKEN: entry 2 was changed.\nWhat is before'),
  });
});

test('a log that could not be verified is not called broken', async () => {
  expect(await verify('--noted', 'rubbish')).toMatchObject({
    code: 1,
    said: expect.stringMatching(/^The audit log was not verified: --noted is POSITION:HASH/),
  });
});

test('a database without an audit log is not called whole, and none is made for it', async () => {
  const server = process.env.AGORA_TEST_ADMIN_URL!;
  expect(await verifyWith({ DATABASE_URL: server })).toEqual({
    code: 1,
    said: expect.stringContaining('There is no audit log in this database'),
  });
  const folder = mkdtempSync(join(tmpdir(), 'agora-audit-'));
  try {
    const nowhere = join(folder, 'mistyped');
    expect(await verifyWith({ DATABASE_URL: '', AGORA_DATA: nowhere })).toEqual({
      code: 1,
      said: expect.stringContaining(`There is no database in ${join(nowhere, 'postgres')}`),
    });
    expect(existsSync(nowhere)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
