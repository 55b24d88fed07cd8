/** Processes with DATABASE_REPLICA_URL, as `npm run agent` and `npm start` read it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { startAgora, temporaryData } from '../support/agora-process.ts';
import { type ReplicatedPostgres, startReplicatedPostgres } from '../support/replicated-postgres.ts';
import { type TestRoles, testRoles } from '../support/roles.ts';
import { untilAnswer } from '../support/until.ts';

let servers: ReplicatedPostgres;
let agora: Agora;
let roles: TestRoles;
let replica: string;

beforeAll(async () => {
  servers = await startReplicatedPostgres();
  const { url, adminUrl } = servers.primary;
  Object.assign(process.env, { AGORA_TEST_URL: url, AGORA_TEST_ADMIN_URL: adminUrl });
  agora = await openAgora();
  roles = await testRoles(agora.database.url, ['product']);
  replica = Object.assign(new URL(agora.database.url), { port: servers.wire.port }).href;
});

afterAll(async () => {
  await roles?.end();
  await agora?.close();
  await servers?.remove();
});

const isReadFrom = (url: string) =>
  untilAnswer(
    async () => (await fetch(new URL('/health/standby', url))).json() as Promise<{ status: string }>,
    ({ status }) => status === 'UP',
    'the standby is not read from',
  );

const readers = () =>
  servers.onStandby(`select distinct usename from pg_stat_activity where application_name = 'agora reads'`);

test("an agent reads from the standby where a gateway allows lag, by the agent's own role", async () => {
  const { url } = await agora.start(['product'], {
    DATABASE_URL_PRODUCT: roles.url('product'),
    DATABASE_REPLICA_URL: replica,
  });
  await isReadFrom(url);
  const ask = (more: object) =>
    agora.directory
      .endpoint('product')
      .execute({ query: '{ categories { id } }' }, { actor: ANONYMOUS, correlationId: 'req_1', ...more });
  expect((await ask({})).data).toEqual({ categories: [] });
  expect(await readers()).toEqual([]);
  expect((await ask({ mayLag: true })).data).toEqual({ categories: [] });
  expect(await readers()).toEqual([{ usename: new URL(roles.url('product')).username }]);
});

test('all of Agora in one process does so, too', async () => {
  const folder = temporaryData();
  const env = {
    ...agora.env,
    DATABASE_URL: agora.database.url,
    DATABASE_REPLICA_URL: replica,
    DATABASE_FALLBACK: 'off',
  };
  const started = await startAgora({ data: folder.data, args: ['--empty'], env });
  try {
    await isReadFrom(started.url);
    const body = JSON.stringify({ query: '{ categories { id } }' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${started.url}/graphql`, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ data: { categories: [] } });
    const { username } = new URL(agora.database.url);
    expect(await readers()).toContainEqual({ usename: username });
  } finally {
    await started.end();
    await folder.remove();
  }
});
