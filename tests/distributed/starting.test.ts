/** Faults that stop a process of agents at its start, and conditions that it waits for. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { formatKeyRing, newKey } from '../../platform/secrets/key-ring.ts';
import { type Agora, launchAgents, openAgora } from '../support/agent-process.ts';
import { until } from '../support/until.ts';

let agora: Agora;
beforeAll(async () => {
  agora = await openAgora();
});
afterAll(() => agora.close());

/** Exit code and output of a process that does not start. */
async function failure(names: readonly string[], env: Record<string, string>) {
  const { child, output } = launchAgents(names, env);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code, output: output() };
}

test('without the keys that all processes share a process does not start, and makes none of its own', async () => {
  const { REQUEST_KEYS: _, EVENT_KEYS: __, ...env } = agora.env;
  const { code, output } = await failure(['order'], env);
  expect(code).toBe(1);
  expect(output).toContain('REQUEST_KEYS, EVENT_KEYS must be given');
  expect(output).toContain('secrets:new');
});

test('only identity needs the private key of tokens: the other agents work with the public half', async () => {
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

describe('the keys that the database was used with', () => {
  const marks = async () =>
    (await agora.database.pool.query('select variable, key_id from platform.key_mark order by variable')).rows;
  const started = async (env: Record<string, string> = {}): Promise<void> =>
    void (await (await agora.start(['product'], env)).end('SIGKILL'));

  test.each(['EVENT_KEYS', 'SECRET_KEYS'])(
    'are required: a process with others is refused, before anything is made with them: %s',
    async (name) => {
      await started();
      const before = await marks();
      const { code, output } = await failure(['product'], { ...agora.env, [name]: formatKeyRing([newKey()]) });
      expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(`${name} does not hold it`) });
      expect(output).not.toContain('is ready');
      expect(await marks()).toEqual(before);
      expect(before).toEqual(['EVENT_KEYS', 'SECRET_KEYS'].map((variable) => ({ variable, key_id: idOf(variable) })));
    },
  );
  const idOf = (variable: string): string => agora.env[variable]!.split(':')[0]!;

  test('may follow a new first one, which is known from then on', async () => {
    await started();
    const young = newKey();
    await started({ SECRET_KEYS: `${formatKeyRing([young])},${agora.env.SECRET_KEYS}` });
    expect(await marks()).toContainEqual({ variable: 'SECRET_KEYS', key_id: young.id });
    await started({ SECRET_KEYS: formatKeyRing([young]) });
    await agora.database.pool.query('truncate platform.key_mark');
  });
});

test('without a database a process says that it needs one', async () => {
  const { DATABASE_URL: _, ...env } = agora.env;
  const { code, output } = await failure(['order'], env);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('Give DATABASE_URL') });
});

test('an unknown agent is named, beside the known ones', async () => {
  const { code, output } = await failure(['order', 'ordr'], agora.env);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/no agent ordr.*There are .*order/s) });
});

test('a process waits for migrations, serves after them, and can be stopped while it waits', async () => {
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
