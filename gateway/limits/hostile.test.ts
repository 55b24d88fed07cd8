import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { HOSTILE } from '../../tests/support/hostile-requests.ts';
import { startGateway } from '../gateway.testing.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

const send = (body: string): Promise<Response> =>
  fetch(`${it.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

interface Refusal {
  data?: unknown;
  errors: { message: string; extensions: { code: string } }[];
}

/** Sends lines by hand that are HTTP and no URL. Returns the answer's first line. */
async function sendRaw(...lines: string[]): Promise<string> {
  const socket = connect(Number(new URL(it.url).port), '127.0.0.1');
  socket.end(`${[...lines, 'Host: localhost', '', ''].join('\r\n')}`);
  let answer = '';
  for await (const part of socket) answer += part;
  return answer.split('\r\n', 1)[0]!;
}

test('a path that is no URL is refused, and other requests do not notice', async () => {
  expect(await sendRaw('GET // HTTP/1.1', 'Connection: close')).toBe('HTTP/1.1 404 Not Found');
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: YQ=='];
  expect(await sendRaw('GET // HTTP/1.1', ...upgrade)).toBe('HTTP/1.1 404 Not Found');
  expect((await send('{"query":"{ __typename }"}')).status).toBe(200);
});

test.each(['variables', 'extensions'])('%s in a URL that are no JSON are refused as such', async (name) => {
  const response = await fetch(`${it.url}/graphql?query={__typename}&${name}={x`);
  const { errors } = (await response.json()) as Refusal;
  expect([response.status, errors[0]!.extensions.code, errors[0]!.message]).toEqual([
    400,
    'BAD_REQUEST',
    `\`${name}\` in the URL is no JSON: send it percent-encoded.`,
  ]);
});

test('a subscription under a condition is refused as such, over HTTP and WebSocket', async () => {
  const query = 'subscription ($if: Boolean!) { ticked @include(if: $if) { seq } }';
  const response = await it.post(query, { variables: { if: true } });
  const { errors } = (await response.json()) as Refusal;
  const told = {
    message: 'The field of a subscription cannot stand under `@skip` or `@include` with a variable.',
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  };
  expect(errors).toMatchObject([told]);
  const client = it.client();
  const error = await new Promise((resolve) =>
    client.subscribe({ query, variables: { if: true } }, { next: resolve, error: resolve, complete() {} }),
  );
  expect(error).toMatchObject([told]);
  await client.dispose();
});

test('a content type that is only like JSON is refused with the type to send', async () => {
  const headers = { 'content-type': 'application/json-patch+json' };
  const response = await fetch(`${it.url}/graphql`, { method: 'POST', headers, body: '{}' });
  expect([response.status, ((await response.json()) as Refusal).errors[0]!.message]).toEqual([
    415,
    'Send JSON: `content-type: application/json`.',
  ]);
});

describe('over HTTP', () => {
  test.each(HOSTILE)('$name is refused', async ({ body, code }) => {
    it.world.calls.length = 0;
    const response = await send(body);
    const { data, errors } = (await response.json()) as Refusal;
    expect(errors[0]!.extensions.code).toBe(code);
    expect(errors.length).toBeLessThan(10);
    expect(data ?? null).toBeNull();
    expect(it.world.calls).toEqual([]);
  });

  test('a request that is too large is status 400 or 413, and its error names the limit and its value', async () => {
    const deep = await send(HOSTILE[0]!.body);
    expect(deep.status).toBe(400);
    expect(((await deep.json()) as Refusal).errors[0]).toMatchObject({
      message: expect.stringContaining('ask for less at once'),
      extensions: { limit: 'brackets', allowed: 60 },
    });
    expect((await send(HOSTILE.find(({ name }) => name.includes('1.5 MB'))!.body)).status).toBe(413);
  });

  test('no request has polluted the prototype of objects', () => {
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

test('over a WebSocket the same requests are refused by the same codes, and the socket stays open', async () => {
  const client = it.client();
  const ask = (payload: { query: string; variables?: Record<string, unknown> }): Promise<unknown> =>
    new Promise((resolve) =>
      client.subscribe(payload, { next: resolve, error: resolve, complete: () => resolve('nothing') }),
    );
  const fitting = HOSTILE.filter(({ body }) => body.length < 200_000 && body.startsWith('{'));
  expect(fitting.length).toBeGreaterThan(10);
  let closed = 0;
  client.on('closed', () => closed++);
  for (const { body, code } of fitting) {
    const [error] = (await ask(JSON.parse(body))) as GraphQLError[];
    expect([error!.extensions.code, error!.extensions.http]).toEqual([code, undefined]);
  }
  expect(await ask({ query: '{ order(id: "o1") { id } }' })).toMatchObject({ data: { order: { id: 'o1' } } });
  expect(closed).toBe(0);
  await client.dispose();
});

// How long they block the event loop is measured by `npm run bench -- hostile`.
test('while all hostile requests come at once, other requests are served', async () => {
  let isOver = false;
  const flood = Promise.all(HOSTILE.map(({ body }) => send(body).then((response) => response.text()))).finally(
    () => (isOver = true),
  );
  const served: unknown[] = [];
  do {
    served.push(((await (await it.post('{ order(id: "o1") { id } }')).json()) as { data: unknown }).data);
    await sleep(1);
  } while (!isOver);
  await flood;
  for (const data of served) expect(data).toEqual({ order: { id: 'o1' } });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('the cache of large documents that are let through is bounded', async () => {
  const numbers = Array.from({ length: 3900 }, (_, n) => n).join(' ');
  const sendMany = async (from: number): Promise<number> => {
    for (let n = from; n < from + 150; n++)
      await (await send(JSON.stringify({ query: `query Q${n} ($v: [Int] = [${numbers}]) { __typename }` }))).text();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await sendMany(0);
  const after = await sendMany(150);
  expect((after - before) / 1024 / 1024).toBeLessThan(30);
});

test('fifty rounds of all hostile requests leave nothing behind in memory', async () => {
  const heapAfter = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round++)
      for (const { body } of HOSTILE)
        await (await send(round ? body.replace('{', `{${' '.repeat(round)}`) : body)).text();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(3);
  const after = await heapAfter(50);
  expect((after - before) / 1024 / 1024).toBeLessThan(20);
});
