/** The database dies under a running Agora, stays away, and comes back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { runningPostmaster } from '../../db/embedded-postgres/postmaster.ts';
import { homeFor } from '../../db/embedded-postgres/home.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { tokensFrom } from '../../platform/identity/tokens.ts';
import { type AgoraProcess, startAgora, temporaryData } from '../support/agora-process.ts';
import { operator } from '../support/agents.ts';
import { type Answer, watch } from '../support/platform.ts';
import { until, untilAnswer } from '../support/until.ts';

const folder = temporaryData();
const own = temporaryData();
const dataDir = join(folder.data, 'postgres');
let postgres: EmbeddedPostgres;
let agora: AgoraProcess;
let token: string;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  agora = await startAgora({ data: folder.data, args: ['--empty'], env: { DATABASE_URL: postgres.url } });
  const tokens = tokensFrom(readFileSync(join(folder.data, 'token-key.pem'), 'utf8'));
  token = (await tokens.sign(operator.claims(), 900, new Date())).token;
});

afterAll(async () => {
  await agora?.end('SIGKILL');
  await postgres?.stop();
  await folder.remove();
  await own.remove();
});

const get = async (path: string, of = agora) => {
  const response = await fetch(`${of.url}${path}`);
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape it asked for
  return { status: response.status, body: (await response.json()) as any };
};

const ask = async (query: string, variables?: object): Promise<Answer> => {
  const response = await fetch(`${agora.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return { ...((await response.json()) as Omit<Answer, 'status'>), status: response.status };
};

const READ = '{ products(first: 1) { totalCount } }';
const WRITE = `mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } userErrors { code } } }`;
let n = 0;
const write = () => ask(WRITE, { input: { code: `L${n++}`, name: 'L', city: 'Lyon', country: 'FR' } });

/** Sends requests without a pause until told to stop, and returns all answers. */
function keepAsking(work: () => Promise<Answer>) {
  const answers: Answer[] = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      answers.push(await work());
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  return {
    answers,
    stop: async () => {
      isOver = true;
      await done;
      return answers;
    },
  };
}

test('requests are refused clearly while the database is away, agents are DEGRADED and then RUNNING, without an operator', async () => {
  const changes = watch(
    `${agora.url.replace('http', 'ws')}/graphql`,
    {
      query:
        'subscription { agentStatusChanged(agentIds: ["order", "product"]) { status degradation agent { id status } } }',
    },
    async () => ({ authorization: `Bearer ${token}` }),
  );
  const [reads, writes] = [keepAsking(() => ask(READ)), keepAsking(write)];
  await until('reads and writes work', async () => reads.answers.length > 5 && writes.answers.length > 5);
  expect([...reads.answers, ...writes.answers].filter(({ errors }) => errors)).toEqual([]);
  expect((await get('/health/ready')).status).toBe(200);

  process.kill(postgres.pid, 'SIGKILL');
  await until('it is not ready', async () => (await get('/health/ready')).status === 503);
  expect(await get('/health/ready')).toMatchObject({ body: { details: { degradation: 4, waitingFor: 'database' } } });
  expect((await get('/health')).status).toBe(200);
  const { status, body } = await get('/health/detailed');
  expect({ status, degradation: body.degradation, statuses: new Set(body.agents.map((a: any) => a.status)) }).toEqual({
    status: 503,
    degradation: 4,
    statuses: new Set(['DEGRADED']),
  });
  expect((await get('/health/database')).status).toBe(503);
  const [readsBefore, writesBefore] = [reads.answers.length, writes.answers.length];
  await until('they are answered', async () => reads.answers.length > readsBefore + 20);
  for (const answer of [...reads.answers.slice(readsBefore), ...writes.answers.slice(writesBefore)])
    expect(answer.errors?.[0]).toMatchObject({
      message: expect.stringContaining('Try again'),
      extensions: { code: 'UNAVAILABLE', retryAfterSeconds: expect.any(Number) },
    });

  postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  await until('it is ready again', async () => (await get('/health/ready')).status === 200);
  await until('it reads and writes', async () => !(await ask(READ)).errors && !(await write()).errors);
  await reads.stop();
  await writes.stop();
  expect(agora.output()).not.toMatch(/Unhandled|uncaught/i);

  const seen = await changes.until((events) => events.length >= 4);
  for (const id of ['order', 'product'])
    expect(seen.map(({ data }) => data.agentStatusChanged).filter(({ agent }) => agent.id === id)).toEqual([
      expect.objectContaining({ status: 'DEGRADED', degradation: 4 }),
      expect.objectContaining({ status: 'RUNNING', degradation: 0 }),
    ]);
  await changes.stop();
  // Each as soon as its own dependencies are back: the sagas' engine launches anew.
  const { data } = await untilAnswer(
    () => ask('{ agents { id status degradation isAlive dependencies { name status latencyMs } } }'),
    ({ data }) => data.agents.every(({ status }: { status: string }) => status === 'RUNNING'),
    'an agent stays DEGRADED',
  );
  for (const agent of data.agents) {
    expect(agent).toMatchObject({ degradation: 0, isAlive: true });
    expect(agent.dependencies[0]).toMatchObject({ name: 'database', status: 'UP' });
  }
  // An answered write was done, a refused one perhaps: no other is there.
  expect(writes.answers.filter(({ errors }) => !errors).every(({ data }) => data.createLocation.location)).toBe(true);
});

test('a database that takes no writes is level 3: reads serve, writes are refused as UNAVAILABLE', async () => {
  const { default: pg } = await import('pg');
  const admin = new pg.Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  const readOnly = async (is: 'on' | 'off') => {
    await admin.query(`alter system set default_transaction_read_only = ${is}`);
    await admin.query('select pg_reload_conf()');
  };
  try {
    await readOnly('on');
    await until('it is not ready', async () => (await get('/health/ready')).status === 503);
    expect((await get('/health/ready')).body.details.reason).toContain(
      'it is read-only: point DATABASE_URL to the primary',
    );
    await until('the log says so', async () => agora.output().includes('the database takes no writes'));
    expect((await get('/health/detailed')).body).toMatchObject({
      degradation: 3,
      dependencies: expect.arrayContaining([expect.objectContaining({ name: 'database', status: 'READ_ONLY' })]),
    });
    expect((await ask(READ)).errors).toBeUndefined();
    expect((await write()).errors?.[0]).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  } finally {
    await readOnly('off');
    await admin.end();
  }
  await until('it is ready again', async () => (await get('/health/ready')).status === 200);
  await until('it writes', async () => !(await write()).errors);
});

test('a killed embedded server is started again at once, on the same port', async () => {
  const process_ = await startAgora({ data: own.data, args: ['--empty'] });
  const cluster = homeFor(join(own.data, 'postgres'), serverIdentity()).cluster;
  const before = runningPostmaster(cluster)!;
  process.kill(before.pid, 'SIGKILL');
  await until('another runs', async () => (runningPostmaster(cluster)?.pid ?? before.pid) !== before.pid);
  expect(runningPostmaster(cluster)!.port).toBe(before.port);
  await until('it is ready', async () => (await get('/health/ready', process_)).status === 200);
  await until('it answers', async () => (await get('/health/database', process_)).body.status === 'UP');
  expect((await process_.end('SIGTERM')).code).toBe(0);
  expect(runningPostmaster(cluster)).toBeUndefined();
});
