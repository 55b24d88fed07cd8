/** What stops a process of agents at its start, and what it waits for. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { type Agora, launchAgents, openAgora } from '../support/agent-process.ts';
import { until } from '../support/until.ts';

let agora: Agora;
beforeAll(async () => {
  agora = await openAgora();
});
afterAll(() => agora.close());

/** The end of a process that does not start. */
async function failure(names: readonly string[], env: Record<string, string>) {
  const { child, output } = launchAgents(names, env);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code, output: output() };
}

test('without the keys that all processes share it does not start, and makes none of its own', async () => {
  const { REQUEST_KEYS: _, EVENT_KEYS: __, ...env } = agora.env;
  const { code, output } = await failure(['order'], env);
  expect(code).toBe(1);
  expect(output).toContain('REQUEST_KEYS, EVENT_KEYS must be given');
  expect(output).toContain('secrets:new');
});

test('the private key of tokens is identity’s: the others do with the public half', async () => {
  const { TOKEN_KEY, ...env } = agora.env;
  const publicHalf = createPublicKey(TOKEN_KEY!).export({ type: 'spki', format: 'pem' }) as string;
  const { code, output } = await failure(['identity', 'product'], { ...env, TOKEN_PUBLIC_KEY: publicHalf });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('TOKEN_KEY must be given') });
  const started = launchAgents(['product'], { ...env, TOKEN_PUBLIC_KEY: publicHalf.replaceAll('\n', '\\n') });
  try {
    expect((await fetch(`${(await started.ready()).url}/health`)).status).toBe(200);
  } finally {
    started.child.kill('SIGKILL');
  }
});

test('without a database it says that it needs one', async () => {
  const { DATABASE_URL: _, ...env } = agora.env;
  const { code, output } = await failure(['order'], env);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('Give DATABASE_URL') });
});

test('an agent that there is not is named, beside those that there are', async () => {
  const { code, output } = await failure(['order', 'ordr'], agora.env);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/no agent ordr.*There are .*order/s) });
});

test('it waits for migrations, serves after them, and can be stopped while it waits', async () => {
  const book = agora.database.pool;
  const { rows } = await book.query(`delete from platform.migration where schema = 'product' returning *`);
  const [waiting, stopped] = [agora.launch(['product']), agora.launch(['product'])];
  await until('both wait', () => [waiting, stopped].every(({ output }) => output().includes('npm run db:migrate')));
  stopped.child.kill('SIGTERM');
  await once(stopped.child, 'close');
  expect(stopped.child.exitCode).toBe(0);
  for (const row of rows)
    await book.query(
      'insert into platform.migration select * from jsonb_populate_record(null::platform.migration, $1)',
      [row],
    );
  const { url } = await waiting.ready();
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});
