/** The embedded database of `npm start` is gone, as with a disk that is not mounted: while it runs, and at the next start. */
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { homeFor } from '../../db/embedded-postgres/home.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { type AgoraProcess, runAgora, startAgora, temporaryData } from '../support/agora-process.ts';
import { untilAnswer } from '../support/until.ts';

const { data, remove } = temporaryData();
const home = homeFor(join(data, 'postgres'), serverIdentity());
const elsewhere = join(data, 'elsewhere');
let agora: AgoraProcess | undefined;
beforeAll(async () => {
  agora = await startAgora({ data, args: ['--empty'] });
});
afterAll(async () => {
  await agora?.end('SIGKILL');
  await remove();
});

async function ask(query: string): Promise<any> {
  const response = await fetch(`${agora!.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function readiness(): Promise<{ status: number; text: string }> {
  const response = await fetch(`${agora!.url}/health/ready`);
  return { status: response.status, text: await response.text() };
}

const READ = '{ products(first: 1) { totalCount } }';
const SIGN_UP = `mutation { signUp(input: { email: "ada@example.com", password: "a-long-enough-secret", name: "Ada" }) { user { id } } }`;
const SIGN_IN = `mutation { signIn(input: { email: "ada@example.com", password: "a-long-enough-secret" }) { user { id } } }`;
let ada: string;

test('a database that is lost under a running Agora is waited for: not ready, with the reason; UNAVAILABLE to callers; then all is back', async () => {
  ada = (await ask(SIGN_UP)).data.signUp.user.id;
  renameSync(home.cluster, elsewhere);
  process.kill(pidIn(elsewhere), 'SIGKILL');
  const lost = await untilAnswer(readiness, ({ text }) => text.includes('are gone'), 'it does not say what is wrong');
  expect(lost).toEqual({ status: 503, text: expect.stringMatching(/"degradation":4.*bring them back/) });
  expect(lost.text).not.toContain(data);
  const refused = await ask(READ);
  expect(refused.errors).toEqual([
    expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
  ]);
  await untilAnswer(
    async () => agora!.output(),
    (output) => output.includes(`no database in ${home.folder} any more`),
    'the log does not name the folder',
  );
  expect(readdirSync(home.folder)).not.toContain('cluster');
  renameSync(elsewhere, home.cluster);
  await untilAnswer(readiness, ({ status }) => status === 200, 'it does not go on by itself');
  // The circuit breaker of the database may stay open for another second.
  const { data: signedIn } = await untilAnswer(
    () => ask(SIGN_IN),
    ({ errors }) => errors === undefined,
    'writes do not go on',
  );
  expect(signedIn.signIn.user.id).toBe(ada);
});

/** The server's pid, where its folder has been moved to. */
const pidIn = (cluster: string): number => Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);

test.each(['the cluster', 'the whole folder'])(
  'a start that finds the keys, and %s gone, begins no other shop',
  async (what) => {
    await agora!.end('SIGINT');
    const from = what === 'the cluster' ? home.cluster : home.folder;
    renameSync(from, elsewhere);
    const before = readdirSync(data, { recursive: true });
    const { code, output } = await runAgora({ data });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(
        /Agora did not start: .*event-keys and secret-keys.*Bring it back.*db:restore.*--reset/,
      ),
    });
    expect(readdirSync(data, { recursive: true })).toEqual(before);
    renameSync(elsewhere, from);
    agora = await startAgora({ data, args: ['--empty'] });
    expect((await ask(SIGN_IN)).data.signIn.user.id).toBe(ada);
  },
);

test('--reset begins with an empty database where the other is lost for good, with the same keys', async () => {
  await agora!.end('SIGINT');
  rmSync(home.folder, { recursive: true });
  const keys = readFileSync(join(data, 'secret-keys'), 'utf8');
  agora = await startAgora({ data, args: ['--reset', '--empty'] });
  expect((await ask(SIGN_IN)).data.signIn.user).toBeNull();
  expect(readFileSync(join(data, 'secret-keys'), 'utf8')).toBe(keys);
});
