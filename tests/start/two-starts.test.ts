/** Two `npm start` at once, or one beside another: on one folder one of them serves, on one DATABASE_URL both do. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { keysOf } from '../../bin/distributed/cluster.ts';
import { type AgoraProcess, runAgora, startAgora, temporaryData } from '../support/agora-process.ts';
import { testDatabase } from '../support/database.ts';

const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } userErrors { code } } }`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { user { id } userErrors { code } } }`;
const ADA = { email: 'ada@example.com', password: 'a-long-enough-secret' };

async function ask({ url }: AgoraProcess, query: string, input: object): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  return ((await response.json()) as { data: unknown }).data;
}

/** Id of the account that Ada makes here. */
const signUp = async (agora: AgoraProcess): Promise<string> =>
  (await ask(agora, SIGN_UP, { ...ADA, name: 'Ada' })).signUp.user.id;
/** Id of Ada's account as this Agora knows it; undefined if it does not. */
const signIn = async (agora: AgoraProcess): Promise<string | undefined> =>
  (await ask(agora, SIGN_IN, ADA)).signIn.user?.id;

test('of two first starts at once on one folder one serves and goes on serving, and every other start is refused by its name', async () => {
  const { data, remove } = temporaryData();
  // As `npm start` finds it the first time.
  rmSync(data, { recursive: true });
  try {
    const both = await Promise.allSettled([1, 2].map(() => startAgora({ data, args: ['--empty'] })));
    const [agora, ...others] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []));
    expect({ others, refused }).toEqual({ others: [], refused: [expect.stringMatching(/^Agora ended with 1 /)] });
    const inUse = new RegExp(
      `Agora did not start: The database in ${join(data, 'postgres')} is that of process ${agora!.pid} \\(.*bin/start\\.ts.*AGORA_DATA`,
    );
    expect(refused[0]).toMatch(inUse);
    expect((await fetch(`${agora!.url}/health/ready`)).status).toBe(200);
    const id = await signUp(agora!);
    expect(id).toMatch(/^user_/);

    for (const args of [[], ['--empty'], ['--reset']]) {
      const { code, output } = await runAgora({ data, args });
      expect({ args, code, output }).toEqual({ args, code: 1, output: expect.stringMatching(inUse) });
      expect(output).not.toContain('the database was deleted');
    }
    expect(await signIn(agora!)).toBe(id);
    expect((await fetch(`${agora!.url}/health/ready`)).status).toBe(200);
    expect((await agora!.end('SIGINT')).code).toBe(0);
  } finally {
    await remove();
  }
});

test('two first starts at once on one empty DATABASE_URL migrate it once, and both serve what is in it', async () => {
  const database = await testDatabase();
  const folders = [temporaryData(), temporaryData()];
  // The keys that processes on one database share.
  const env = { DATABASE_URL: database.url, ...keysOf(folders[0]!.data) };
  try {
    const both = await Promise.all(folders.map(({ data }) => startAgora({ data, args: ['--empty'], env })));
    const applied = both.flatMap(({ output }) =>
      [...output().matchAll(/^\s*(\S+: \S+) applied in \d+ ms$/gm)].map(([, name]) => name!),
    );
    expect(applied).toContainEqual(expect.stringMatching(/^order: 0001-/));
    expect(applied).toHaveLength(new Set(applied).size);
    const { rows } = await database.pool.query(`
      select (select count(*)::int from platform.migration where schema <> 'dbos') as ours,
             (select count(*)::int from platform.migration where schema = 'dbos') as engine,
             (select count(*)::int from dbos.dbos_migrations) as versions`);
    expect(rows).toEqual([{ ours: applied.length, engine: 1, versions: 1 }]);
    for (const { url } of both) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const id = await signUp(both[0]!);
    expect(await signIn(both[1]!)).toBe(id);
    for (const each of both) expect((await each.end('SIGINT')).code).toBe(0);
  } finally {
    await database.drop();
    for (const { remove } of folders) await remove();
  }
});
