import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { print } from 'graphql';
import { announce } from '../../platform/agent/replicas.ts';
import { typeDefsOf } from '../../platform/graphql/type-defs.ts';
import { newId, newUuid } from '../../platform/ids.ts';
import { type Agora, openAgora } from '../support/agent-process.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { until } from '../support/until.ts';

let agora: Agora;
let gateway: GatewayProcess;

beforeAll(async () => {
  agora = await openAgora();
  gateway = await startGatewayProcess(variablesOf(agora));
});
afterAll(async () => {
  await gateway?.end('SIGKILL');
  await agora?.close();
});

/** The variables of a gateway: of the token key the public half only. */
function variablesOf({ env }: Agora): Record<string, string> {
  const { DATABASE_URL, REQUEST_KEYS, TOKEN_KEY } = env as Record<string, string>;
  const TOKEN_PUBLIC_KEY = createPublicKey(TOKEN_KEY!).export({ type: 'spki', format: 'pem' }) as string;
  return { DATABASE_URL: DATABASE_URL!, REQUEST_KEYS: REQUEST_KEYS!, TOKEN_PUBLIC_KEY, DRAIN_SECONDS: '2' };
}

const PRODUCTS = '{ products(first: 1) { edges { node { id } } } }';
const health = async (path: string) => {
  const response = await fetch(`${gateway.url}/health/${path}`);
  return { status: response.status, body: (await response.json()) as any };
};

test('a gateway without agents is ready, and answers what it can', async () => {
  await until(async () => (await health('ready')).status === 200);
  const { data, errors } = await gateway.ask(`{ __typename __type(name: "Order") { name } ${PRODUCTS.slice(1)}`);
  expect(data).toEqual({ __typename: 'Query', __type: { name: 'Order' }, products: null });
  expect(errors).toMatchObject([{ message: 'The agent product did not answer.', extensions: { code: 'UNAVAILABLE' } }]);
  expect((await health(encodeURIComponent('agent:product'))).status).toBe(503);
});

test("a gateway tells the skills of its release's agents, though it knows none of their code", async () => {
  const card = await (await fetch(`${gateway.url}/.well-known/agent-card.json`)).json();
  expect(card).toMatchObject({
    skills: expect.arrayContaining([expect.objectContaining({ tags: ['order', 'commerce'] })]),
  });
});

test('agents come, one is killed and comes again: only its fields are missed meanwhile', async () => {
  await agora.start(['identity', 'customer']);
  const products = await agora.start(['product']);
  await until(async () => (await gateway.ask(PRODUCTS)).errors === undefined);
  expect((await health('detailed')).body).toMatchObject({
    composition: { status: 'CURRENT', refused: [] },
    directory: { status: 'UP' },
    subgraphs: expect.arrayContaining([
      expect.objectContaining({ name: 'product', status: 'UP', replicas: [expect.anything()] }),
      expect.objectContaining({ name: 'order', status: 'DOWN', replicas: [] }),
    ]),
  });

  await products.end('SIGKILL');
  const { data, errors } = await gateway.ask(`{ me { id } ${PRODUCTS.slice(1)}`);
  expect(data).toEqual({ me: null, products: null });
  expect(errors!.map(({ extensions }) => extensions.code).sort()).toEqual(['UNAUTHENTICATED', 'UNAVAILABLE']);
  expect(errors!.map(({ message }) => message)).toContain('The agent product did not answer.');
  expect(JSON.stringify(errors)).not.toMatch(/127\.0\.0\.1|ECONN/);
  await agora.start(['product']);
  await until(async () => (await gateway.ask(PRODUCTS)).errors === undefined);
});

/**
 * Announces an SDL, as a process of a new agent or a new release does. Nothing listens there: this is about the graph
 * alone.
 */
const announceSdl = (agent: string, sdl: string) =>
  announce(agora.database.kysely, {
    agent,
    process: newUuid(),
    instance: 'test',
    url: `http://127.0.0.1:1/${agent}`,
    sdl: print(typeDefsOf(sdl)),
  });

test('a new field is seen without a restart; a part that does not fit is refused, and the graph serves on', async () => {
  const fieldOf = async () =>
    (await gateway.ask('{ __type(name: "Query") { fields { name } } }')).data.__type.fields.map(
      (field: { name: string }) => field.name,
    );
  await announceSdl('wishlist', 'type Query { "Wishes." wishes: Int @public }');
  await until(async () => (await fieldOf()).includes('wishes'));

  await announceSdl('gifts', 'type Query { "Undecided." gifts: Int }');
  await until(async () => (await health('detailed')).body.composition.status === 'REFUSED');
  expect((await health('detailed')).body.composition.refused).toEqual([
    { agent: 'gifts', reason: expect.stringMatching(/No decision.*Query\.gifts/), since: expect.any(String) },
  ]);
  expect(await fieldOf()).toContain('wishes');
  expect((await gateway.ask(PRODUCTS)).errors).toBeUndefined();
});

test('a token is verified by the public key alone, until its session ends', async () => {
  const signUp = 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { message } } }';
  const input = { email: 'ada@agora.test', password: 'correct horse battery', name: 'Ada' };
  const { data } = await gateway.ask(signUp, { input });
  const token = data.signUp.accessToken as string;
  expect((await gateway.ask('{ me { email } }', {}, token)).data).toEqual({ me: { email: 'ada@agora.test' } });
  await gateway.ask('mutation { signOut { userErrors { message } } }', {}, token);
  await until(async () => (await gateway.ask('{ __typename }', {}, token)).errors !== undefined);
  const { errors } = await gateway.ask('{ __typename }', {}, token);
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});

test('every entity is found by its id, by its owner alone, also one of an agent that came just now', async () => {
  const signUp = 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { message } } }';
  const input = { email: 'bob@agora.test', password: 'correct horse battery', name: 'Bob' };
  const token = (await gateway.ask(signUp, { input })).data.signUp.accessToken as string;
  const { id } = (await gateway.ask('{ me { id } }', {}, token)).data.me as { id: string };
  const node = 'query ($id: ID!) { node(id: $id) { id ... on User { email } } nodes(ids: [$id]) { __typename } }';
  expect((await gateway.ask(node, { id }, token)).data).toEqual({
    node: { id, email: 'bob@agora.test' },
    nodes: [{ __typename: 'User' }],
  });
  expect((await gateway.ask(node, { id })).data).toEqual({ node: null, nodes: [null] });
  await announceSdl(
    'lorry',
    'type Query { "Lorries." lorries: Int @public } "One." type Lorry @key(fields: "id") @node(prefix: "lorry") @public { "Starts with `lorry_`." id: ID! }',
  );
  const lorry = { id: newId('lorry') };
  await until(async () => (await gateway.ask(node, lorry)).errors?.[0]?.message.includes('lorry') === true);
  expect((await gateway.ask(node, lorry)).errors).toMatchObject([
    { path: ['node'], message: 'The agent lorry did not answer.', extensions: { code: 'UNAVAILABLE', agent: 'lorry' } },
    { path: ['nodes', 0], extensions: { code: 'UNAVAILABLE' } },
  ]);
});

test('from SIGTERM on a gateway is not ready, and serves until load balancers have noticed: no request fails', async () => {
  let isOver = false;
  const failed: unknown[] = [];
  let answered = 0;
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const { errors } = await gateway.ask(PRODUCTS);
      if (errors) failed.push(errors);
      answered += 1;
    }
  });
  const ended = gateway.end('SIGTERM');
  await until(async () => (await health('ready')).status === 503);
  const begun = answered;
  await until(async () => answered > begun + 8);
  const last = await fetch(`${gateway.url}/health`);
  expect([last.status, last.headers.get('connection')]).toEqual([200, 'close']);
  // Stop like a load balancer that has seen it.
  isOver = true;
  await Promise.all(load);
  expect(failed).toEqual([]);
  expect(await ended).toBe(0);
});
