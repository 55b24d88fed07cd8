/** Clients that do not keep to the protocol, or keep to it in unusual ways. */
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import WebSocket from 'ws';
import { Actor } from '../../platform/identity/actor.ts';
import { startGateway } from '../gateway.testing.ts';
import { PATIENCE_MS } from '../../tests/support/patience.ts';
import { until } from '../../tests/support/until.ts';
import type { Identity } from '../identity/session.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  it = await startGateway();
});
afterAll(() => it.gateway.close());

/** A socket that speaks by hand, with the messages that it has received. */
async function open(url = it.wsUrl) {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  const heard: { type: string; id?: string; payload?: any }[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const say = (...messages: object[]): void => messages.forEach((message) => socket.send(JSON.stringify(message)));
  return { socket, heard, closed, say };
}

/** The same, after its `connection_init`. */
async function begin() {
  const it = await open();
  it.say({ type: 'connection_init' });
  await until(() => it.heard.length === 1);
  return it;
}

const subscribe = (id: string, query: string, operationName?: string) => ({
  type: 'subscribe',
  id,
  payload: { query, operationName },
});
const complete = (id: string) => ({ type: 'complete', id });
const WATCH = 'subscription { ticked { seq } }';

describe('a message', () => {
  test.each([
    { type: 'connection_ack' },
    { type: 'next', id: '1', payload: {} },
    { type: 'error', id: '1', payload: [] },
  ])('that only servers send closes the socket with 4400, and prints nothing: %j', async (message) => {
    const print = jest.spyOn(console, 'error').mockImplementation(() => {});
    const { say, closed } = await begin();
    say(message);
    expect(await closed).toBe(4400);
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });

  test('that does not select one of several operations is refused by code', async () => {
    const { say, heard, socket } = await begin();
    const two = 'query A { __typename } query B { __typename }';
    say(subscribe('1', two), subscribe('2', two, 'C'), subscribe('3', two, 'B'));
    await until(() => heard.some(({ id, type }) => id === '3' && type === 'complete'));
    const told = heard
      .filter(({ type }) => type === 'error')
      .map(({ id, payload }) => [id, payload[0].extensions.code]);
    expect(told.sort()).toEqual([
      ['1', 'OPERATION_RESOLUTION_FAILURE'],
      ['2', 'OPERATION_RESOLUTION_FAILURE'],
    ]);
    socket.terminate();
  });
});

describe('an id that comes again at once', () => {
  test('belongs to the new operation, and no result of the old one is sent', async () => {
    const { say, heard, socket } = await begin();
    for (let n = 0; n < 20; n++) say(subscribe('1', WATCH), complete('1'));
    say(subscribe('1', '{ last: __typename }'));
    await until(() => heard.some(({ type }) => type === 'complete'));
    expect(heard.slice(1)).toEqual([
      { id: '1', type: 'next', payload: { data: { last: 'Query' } } },
      { id: '1', type: 'complete' },
    ]);
    await until(() => it.gateway.subscribers === 0);
    socket.terminate();
  });

  test('leaves no subscription behind when the socket goes', async () => {
    const { say, socket } = await begin();
    for (let n = 0; n < 20; n++) say(subscribe('1', WATCH), complete('1'));
    say(subscribe('1', WATCH));
    await until(() => it.gateway.subscribers === 1);
    socket.terminate();
    await until(() => it.gateway.subscribers === 0);
    expect(it.gateway.liveGroups).toBe(0);
  });
});

test.each([
  [
    'pings of the protocol',
    (socket: WebSocket) => socket.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(4000) } })),
  ],
  ['pings of WebSocket', (socket: WebSocket) => socket.ping('x'.repeat(120))],
])('a client that sends %s and reads no answer is dropped, before much waits for it', async (_, ping) => {
  const { socket, closed } = await begin();
  socket.pause();
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  const end = performance.now() + PATIENCE_MS;
  while (!isClosed && socket.readyState === WebSocket.OPEN && performance.now() < end) {
    for (let n = 0; n < 100; n++) ping(socket);
    // The other end is given time to read.
    do await sleep(1);
    while (socket.bufferedAmount > 100_000 && !isClosed && performance.now() < end);
  }
  socket.resume();
  expect([1006, 4408]).toContain(await Promise.race([closed, sleep(PATIENCE_MS, 'still open', { ref: false })]));
});

test('nothing is kept of a socket that closed while its token was checked', async () => {
  const checking = Promise.withResolvers<void>();
  const asked = { gone: 0, here: 0 };
  const identityOf = (name: keyof typeof asked): Identity => ({
    actor: new Actor({ id: name, roles: [] }),
    isRevoked: () => (asked[name]++, false),
  });
  const slow = await startGateway({
    authenticate: async (authorization) => {
      if (authorization === 'here') return identityOf('here');
      await checking.promise;
      return identityOf('gone');
    },
  });
  const leaver = await open(slow.wsUrl);
  leaver.say({ type: 'connection_init', payload: { authorization: 'gone' } });
  await sleep(50);
  leaver.socket.terminate();
  const stayer = await open(slow.wsUrl);
  stayer.say({ type: 'connection_init', payload: { authorization: 'here' } });
  checking.resolve();
  // By then the sockets that are still open have been checked, more than once.
  await until(() => asked.here > 2);
  expect(asked.gone).toBe(0);
  stayer.socket.terminate();
  await slow.gateway.close();
});

test('a client that offers HTTP/2 is answered by HTTP/1.1, and not refused', async () => {
  const body = JSON.stringify({ query: '{ __typename }' });
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
    'content-type': 'application/json',
    'content-length': String(body.length),
  };
  const asked = request(`${it.url}/graphql`, { method: 'POST', headers }).end(body);
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const part of response) text += part;
  expect([response.statusCode, JSON.parse(text)]).toEqual([200, { data: { __typename: 'Query' } }]);
});
