/**
 * `@defer` and `@stream` are not supported: they are refused clearly and before anything runs, never answered wrongly.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startGateway } from '../gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

const ASKED = [
  ['@defer', '{ order(id: "o1") { id ... @defer { total } } }'],
  ['@defer', '{ order(id: "o1") { id ...F @defer(label: "later") } } fragment F on Order { total }'],
  ['@stream', '{ orders @stream(initialCount: 1) { id } }'],
] as const;

const ACCEPTS = ['application/json', 'multipart/mixed; deferSpec=20220824, application/json', 'text/event-stream'];

test.each(ASKED.flatMap(([directive, query]) => ACCEPTS.map((accept) => [directive, accept, query] as const)))(
  '%s over HTTP to a client that accepts %s: %s',
  async (directive, accept, query) => {
    it.world.calls.length = 0;
    const text = await (await it.post(query, { headers: { accept } })).text();
    expect(text).toContain(`Unknown directive \\"${directive}\\".`);
    expect(text).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(text).not.toContain('"data":{');
    expect(it.world.calls).toEqual([]);
  },
);

test.each(ASKED)('%s over WebSocket: %s', async (directive, query) => {
  it.world.calls.length = 0;
  const client = it.client();
  try {
    const results = client.iterate({ query });
    await expect(results.next()).rejects.toMatchObject([
      { message: `Unknown directive "${directive}".`, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ]);
    expect(it.world.calls).toEqual([]);
    // The socket stays open.
    const next = await client.iterate({ query: '{ order(id: "o1") { id } }' }).next();
    expect(next.value).toMatchObject({ data: { order: { id: 'o1' } } });
  } finally {
    await client.dispose();
  }
});

test('the schema does not announce @defer and @stream', async () => {
  const { data } = (await (await it.post('{ __schema { directives { name } } }')).json()) as {
    data: { __schema: { directives: { name: string }[] } };
  };
  const names = data.__schema.directives.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['skip', 'include']));
  expect(names).not.toEqual(expect.arrayContaining(['defer']));
  expect(names).not.toEqual(expect.arrayContaining(['stream']));
});
