/** A client's mistake is told to the client, with its place, and is no fault: nothing is logged as one. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { metricsText } from '../../platform/telemetry/metrics.ts';
import { startGateway } from '../gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

/** Number of operations that have failed, as the metrics count them. */
async function failures(): Promise<number> {
  const lines = (await metricsText()).text
    .split('\n')
    .filter((line) => /^agora_graphql_operations_total.*"failed"/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
let failed = 0;
beforeEach(async () => {
  failed = await failures();
  it.world.logged.length = 0;
});
afterEach(async () => {
  expect(it.world.logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  expect(await failures()).toBe(failed);
});

interface Told {
  message: string;
  path?: unknown;
  locations?: unknown;
  extensions: { code: string };
}

/** One operation, by each transport. */
const TRANSPORTS: Record<string, (query: string, variables: object) => Promise<readonly Told[] | undefined>> = {
  'a POST': async (query, variables) => errorsIn(await (await it.post(query, { variables })).json()),
  'a GET': async (query, variables) => {
    const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    return errorsIn(await (await fetch(`${it.url}/graphql?${parameters}`)).json());
  },
  'a WebSocket': async (query, variables) => {
    const client = it.client('Bearer ada');
    const answer = await new Promise((resolve) =>
      client.subscribe({ query, variables: variables as never }, { next: resolve, error: resolve, complete() {} }),
    );
    await client.dispose();
    return Array.isArray(answer) ? answer : errorsIn(answer);
  },
  'an event stream': async (query, variables) => {
    const headers = { accept: 'text/event-stream' };
    const response = await it.post(query, { variables, headers, token: 'Bearer ada' });
    let text = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      const data = /^data: ?(.+)$/m.exec(text)?.[1] ?? text;
      if (data.endsWith('}')) return errorsIn(JSON.parse(data));
    }
    throw new Error(`Nothing was told: ${text}`);
  },
};
const errorsIn = (answer: unknown): readonly Told[] | undefined => (answer as { errors?: Told[] }).errors;

/** Operations that are valid only by the default of `x`, which is sent as null, and the path of the error. */
const NULLS: readonly (readonly [place: string, query: string, path: readonly string[]])[] = [
  ['an argument', 'query ($x: ID = "o1") { o: order(id: $x) { id } }', ['o']],
  ['@skip of a root field', 'query ($x: Boolean = true) { orders @skip(if: $x) { id } }', ['orders']],
  ['@include of a root field', 'query ($x: Boolean = true) { orders @include(if: $x) { id } }', ['orders']],
  ['@include of a field', 'query ($x: Boolean = true) { orders { id t: total @include(if: $x) } }', ['orders', 't']],
  ['an inline fragment', 'query ($x: Boolean = true) { orders { id ... @skip(if: $x) { total } } }', ['orders']],
  [
    'a fragment spread',
    'query ($x: Boolean = true) { orders { id ...F @skip(if: $x) } } fragment F on Order { total }',
    ['orders'],
  ],
  [
    'a place within a fragment',
    'query ($x: Boolean = true) { orders { ...F } } fragment F on Order { id total @skip(if: $x) }',
    ['orders', 'total'],
  ],
  [
    'what stands under a condition of its own',
    'query ($x: Boolean = true) { orders @include(if: $x) { id total @skip(if: $x) } }',
    ['orders'],
  ],
];

describe.each(Object.entries(TRANSPORTS))('null where a value is required, by %s', (_, send) => {
  test.each(NULLS)('in %s is BAD_USER_INPUT at its place, and asks no agent', async (_place, query, path) => {
    it.world.calls.length = 0;
    const errors = await send(query, { x: null });
    expect(errors).toMatchObject([{ path, locations: [expect.anything()], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors![0]!.message).toMatch(/^Variable "\$x" is null, and stands where "\w+!" is expected: .+\.$/);
    expect(it.world.calls).toEqual([]);
  });

  test('is no error where the variable is not read, or where its default is taken', async () => {
    const left =
      'query ($x: ID = "o1", $y: Boolean!) { orders @skip(if: $y) { id } order(id: $x) @skip(if: $y) { id } }';
    expect(await send(left, { x: null, y: true })).toBeUndefined();
    expect(await send('query ($x: ID = "o1") { order(id: $x) { id } }', {})).toBeUndefined();
  });
});

test('null in a mutation executes none of its fields', async () => {
  it.world.calls.length = 0;
  const query = 'mutation ($x: String = "a") { a: place(name: "first") { id } b: place(name: $x) { id } }';
  const { data, errors } = (await (await it.post(query, { variables: { x: null } })).json()) as never;
  expect([data, errorsIn({ errors })]).toMatchObject([
    undefined,
    [{ path: ['b'], extensions: { code: 'BAD_USER_INPUT' } }],
  ]);
  expect(it.world.calls).toEqual([]);
});

describe('a subscription', () => {
  const { 'a WebSocket': bySocket, 'an event stream': byStream } = TRANSPORTS;

  test.each([
    'subscription ($x: Boolean = true) { orderUpdated { seq @skip(if: $x) } }',
    'subscription ($x: Boolean = true) { orderUpdated { seq order { ... @include(if: $x) { id } } } }',
    'subscription ($x: ID = "a", $y: Boolean = true) { orderUpdated(id: $x) { seq @skip(if: $y) } }',
  ])('with null is refused by one error, and not opened: %s', async (query) => {
    for (const send of [bySocket!, byStream!]) {
      expect(await send(query, { x: null, y: null })).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(it.world.listeners.size).toBe(0);
    }
  });

  test.each([
    'subscription { ticked @skip(if: true) { seq } }',
    'subscription { ticked @include(if: false) { seq } }',
    'subscription { ... @skip(if: true) { ticked { seq } } }',
    'subscription { ...F @include(if: false) } fragment F on Subscription { ticked { seq } }',
    'subscription { ...F } fragment F on Subscription { ... { ticked @skip(if: true) { seq } } }',
    'subscription { ...F @include(if: true) } fragment F on Subscription { ticked { seq } }',
    'subscription { ticked { seq } orderUpdated @skip(if: true) { seq } }',
    'subscription ($x: Boolean = true) { ...F } fragment F on Subscription { ticked @include(if: $x) { seq } }',
  ])('whose root field a condition may leave out is not valid: %s', async (query) => {
    for (const send of [bySocket!, byStream!]) {
      const told = {
        message: expect.stringMatching(/^The field of a subscription cannot /),
        locations: [expect.anything()],
      };
      expect(await send(query, {})).toMatchObject([{ ...told, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
      expect(it.world.listeners.size).toBe(0);
    }
  });

  test('whose root field has a literal condition that keeps it is opened', async () => {
    const query = 'subscription { ticked @skip(if: false) { seq } }';
    const client = it.client();
    const told = new Promise((resolve) =>
      client.subscribe({ query }, { next: resolve, error: resolve, complete() {} }),
    );
    while (it.world.listeners.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    it.world.emit({ seq: 7 });
    expect(await told).toEqual({ data: { ticked: { seq: 7 } } });
    await client.dispose();
  });
});

describe('a request', () => {
  const post = (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${it.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const told = async (response: Response) => {
    const [error] = errorsIn(await response.json()) ?? [];
    return [response.status, error?.extensions.code, error?.message];
  };
  const QUERY = '{"query":"mutation { place(name: \\"a?b\\") { id } }"}';

  test.each([
    ['stray bytes', Buffer.from([0xff, 0xc3])],
    ['an overlong slash', Buffer.from([0xc0, 0xaf])],
    ['half a pair', Buffer.from([0xed, 0xa0, 0x80])],
    ['a sign cut off', Buffer.from([0xe2, 0x82])],
  ])('with %s in its body, which is no UTF-8, is 400, and nothing is executed', async (_, bytes) => {
    it.world.calls.length = 0;
    const [before, after] = QUERY.split('?') as [string, string];
    const response = await post(Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]));
    expect(await told(response)).toEqual([400, 'BAD_REQUEST', 'The body is no UTF-8: send JSON in UTF-8.']);
    expect(it.world.calls).toEqual([]);
  });

  test.each(['utf-16', 'iso-8859-1', '"utf-16le"', 'nonsense'])('in the charset %s is 415', async (charset) => {
    const [status, code, message] = await told(
      await post(QUERY, { 'content-type': `application/json; charset=${charset}` }),
    );
    expect([status, code]).toEqual([415, 'BAD_REQUEST']);
    expect(message).toMatch(/^JSON is read as UTF-8, not as /);
  });

  test.each(['utf-8', 'UTF-8', '"utf-8"', 'us-ascii'])('in the charset %s is accepted', async (charset) => {
    expect((await post(QUERY, { 'content-type': `application/json;charset=${charset}` })).status).toBe(200);
  });

  test.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
    'with a body that is compressed by %s is 415',
    async (coding) => {
      const response = await post(QUERY, { 'content-encoding': coding });
      expect(response.headers.get('accept-encoding')).toBe('identity');
      expect(await told(response)).toEqual([415, 'BAD_REQUEST', expect.stringContaining('is not unpacked')]);
    },
  );

  test('with an uncompressed body, with a byte order mark or without, is accepted', async () => {
    const answers = [await post(QUERY, { 'content-encoding': 'identity' }), await post(`\ufeff${QUERY}`)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test.each(['null', '5', '"text"', '', '{'])('with a body that is no object is 400: %s', async (body) => {
    const [status, code] = await told(await post(body));
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
  });

  test.each(['%ff', '%c3', '%ed%a0%80', '%', '%zz'])('with %s in its URL is 400', async (escape) => {
    const url = `${it.url}/graphql?query={order(id:%22a${escape}b%22){id}}`;
    const [status, code, message] = await told(await fetch(url));
    expect([status, code]).toEqual([400, 'BAD_REQUEST']);
    expect(message).toContain('not percent-encoded UTF-8');
  });

  test('with raw bytes in its URL is 400: they would be read as other letters', async () => {
    const socket = connect(Number(new URL(it.url).port), '127.0.0.1');
    socket.end(
      Buffer.from('GET /graphql?query={order(id:"\u00e9"){id}} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    );
    let answer = '';
    for await (const part of socket) answer += String(part);
    expect(answer.split(' ')[1]).toBe('400');
  });

  test.each([true, false])(
    'in a WebSocket frame that is no UTF-8 closes the socket with the code for it; binary: %s',
    async (binary) => {
      const socket = new WebSocket(it.wsUrl, 'graphql-transport-ws');
      await once(socket, 'open');
      const closed = once(socket, 'close');
      socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary });
      const [code] = (await closed) as [number];
      expect(code).toBe(binary ? 4400 : 1007);
    },
  );
});

test('a browser that asks for the bare address is redirected to GraphiQL; other clients get 404', async () => {
  const ask = (accept: string) => fetch(`${it.url}/`, { redirect: 'manual', headers: { accept } });
  const [browser, program] = [await ask('text/html,application/xhtml+xml'), await ask('*/*')];
  expect([browser.status, browser.headers.get('location'), program.status]).toEqual([302, '/graphql', 404]);
});

test('GraphiQL shows ids as they are, without ligatures', async () => {
  const page = await (await fetch(`${it.url}/graphql`, { headers: { accept: 'text/html' } })).text();
  expect(page).toContain('font-variant-ligatures: none');
});
