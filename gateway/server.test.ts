import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from './gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

interface Body {
  data?: unknown;
  errors?: { message: string; path?: unknown; extensions: Record<string, unknown> }[];
}
const ask = async (...args: Parameters<typeof it.post>): Promise<Body> =>
  (await it.post(...args)).json() as Promise<Body>;

describe('GraphQL over HTTP', () => {
  test('joins fields of different subgraphs, in one context', async () => {
    it.world.contexts.length = 0;
    const body = await ask('{ order(id: "o1") { id total customer { name } } }');
    expect(body).toEqual({ data: { order: { id: 'o1', total: 42, customer: { name: 'Ada' } } } });
    expect(it.world.contexts).toHaveLength(2);
    expect(new Set(it.world.contexts).size).toBe(1);
  });

  test('allows a lagging read for a query, and not for a mutation and its answer', async () => {
    const lags = async (query: string): Promise<unknown[]> => {
      it.world.contexts.length = 0;
      expect((await ask(query, { token: 'Bearer ada' })).errors).toBeUndefined();
      return it.world.contexts.map(({ mayLag }) => mayLag);
    };
    expect(await lags('{ order(id: "o1") { id customer { name } } }')).toEqual([true, true]);
    expect(await lags('mutation { place(name: "o2") { id customer { name } } }')).toEqual([false, false]);
  });

  test('prunes fields that are denied, and asks no subgraph for them', async () => {
    it.world.calls.length = 0;
    const body = await ask('{ order(id: "o1") { total margin } customers { id } }');
    expect(body.data).toEqual({ order: { total: 42, margin: null }, customers: null });
    expect(body.errors!.map((error) => [error.path, error.extensions.code])).toEqual([
      [['order', 'margin'], 'UNAUTHENTICATED'],
      [['customers'], 'UNAUTHENTICATED'],
    ]);
    expect(it.world.calls).toEqual(['order']);
  });

  test('asks no agent when every root field is denied', async () => {
    it.world.calls.length = 0;
    expect((await ask('{ customers { id } }')).data).toEqual({ customers: null });
    expect(it.world.calls).toEqual([]);
  });

  test('refuses a mutation whole when one of its root fields is denied', async () => {
    it.world.calls.length = 0;
    const body = await ask('mutation { place(name: "x") { id } refund { id } }');
    expect(body.data).toBeNull();
    expect(it.world.calls).toEqual([]);
    const signedIn = await ask('mutation { place(name: "x") { id } refund { id } }', { token: 'Bearer ada' });
    expect(signedIn.data).toEqual({ place: { id: 'x' }, refund: { id: 'r' } });
  });

  test('reads variables that are named like properties of every object', async () => {
    const query =
      'query ($constructor: ID! = "o1", $valueOf: Boolean = false) { order(id: $constructor) @skip(if: $valueOf) { id } }';
    expect(await (await it.post(query)).json()).toEqual({ data: { order: { id: 'o1' } } });
  });

  test('uses the default of a variable, as the gate does', async () => {
    const query = 'query($with: Boolean = true, $id: ID! = "o9") { order(id: $id) { id total @include(if: $with) } }';
    expect((await ask(query)).data).toEqual({ order: { id: 'o9', total: 42 } });
    expect((await ask(query, { variables: { with: false } })).data).toEqual({ order: { id: 'o9' } });
  });

  test('keeps two operations of one document apart', async () => {
    const query = 'query A { order(id: "a") { id } } query B { orders { id } }';
    const run = async (operationName: string): Promise<unknown> => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const response = await fetch(`${it.url}/graphql`, { ...init, body: JSON.stringify({ query, operationName }) });
      return ((await response.json()) as Body).data;
    };
    expect(await run('A')).toEqual({ order: { id: 'a' } });
    expect(await run('B')).toEqual({ orders: [{ id: 'o1' }, { id: 'o2' }] });
  });

  test('answers introspection', async () => {
    const { data } = await ask('{ __schema { queryType { name fields { name } } } __type(name: "Order") { name } }');
    expect(JSON.stringify(data)).toContain('"orders"');
    expect(it.gateway.schema.getType('join__Graph')).toBeUndefined();
  });
});

describe('requests by GET', () => {
  const get = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${it.url}/graphql?query=${encodeURIComponent(query)}`, { headers });

  test('run queries', async () => {
    expect(await (await get('{ order(id: "g") { id } }')).json()).toEqual({ data: { order: { id: 'g' } } });
  });

  test('run no mutations and no subscriptions', async () => {
    it.world.calls.length = 0;
    const mutation = await get('mutation { place(name: "x") { id } }');
    expect(mutation.status).toBe(405);
    expect(it.world.calls).toEqual([]);
    const subscription = await get('subscription { ticked { seq } }', { accept: 'text/event-stream' });
    expect(subscription.status).toBe(405);
    expect(it.world.listeners.size).toBe(0);
  });

  test('give a browser GraphiQL with ready tabs, which needs no other host', async () => {
    const response = await get('', { accept: 'text/html' });
    const html = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(html).toContain('mutation PlaceOrder');
    expect(html).toContain("default-src 'none'; connect-src 'self'");
    expect(html).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/);
  });
});

describe('a caller', () => {
  test('with an invalid token is refused with 401, and nothing runs', async () => {
    it.world.calls.length = 0;
    const response = await it.post('{ order(id: "o1") { id } }', { token: 'Bearer nobody' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    const body = (await response.json()) as Body;
    expect(body.data).toBeUndefined();
    expect(body.errors![0]).toMatchObject({
      message: expect.stringContaining('not valid'),
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(it.world.calls).toEqual([]);
  });

  test('with an empty header has no token', async () => {
    const response = await it.post('{ order(id: "o1") { id } }', { headers: { authorization: '' } });
    expect(response.status).toBe(200);
  });

  test('may give a sane correlation id, and gets a new one otherwise; it reaches resolvers and is sent back', async () => {
    const kept = await it.post('{ order(id: "o1") { id } }', { headers: { 'x-correlation-id': 'trace-1.a_b' } });
    expect(kept.headers.get('x-correlation-id')).toBe('trace-1.a_b');
    expect(it.world.contexts.at(-1)!.correlationId).toBe('trace-1.a_b');
    const made = await it.post('{ order(id: "o1") { id } }', { headers: { 'x-correlation-id': 'a b"' } });
    expect(made.headers.get('x-correlation-id')).toMatch(/^req_/);
  });
});

describe('other paths', () => {
  test('answer health and readiness', async () => {
    expect((await fetch(`${it.url}/health`)).status).toBe(200);
    it.world.isReady = false;
    const waiting = await fetch(`${it.url}/health/ready`);
    expect([waiting.status, await waiting.json()]).toEqual([
      503,
      { status: 'not ready', details: { migrations: false } },
    ]);
    it.world.isReady = true;
    expect((await fetch(`${it.url}/health/ready`)).status).toBe(200);
  });

  test('are 404 in JSON', async () => {
    const response = await fetch(`${it.url}/elsewhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });
});
