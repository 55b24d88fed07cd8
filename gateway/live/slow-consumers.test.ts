import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { until } from '../../tests/support/until.ts';
import { startFeed, type Subscriber } from './feed.testing.ts';

let it: Awaited<ReturnType<typeof startFeed>>;
beforeEach(async () => {
  it = await startFeed();
});
afterEach(() => it.gateway.close());

const QUERY = 'subscription { happened { n text } }';
/** More than the kernel and our queue keep for a connection. */
const EVENTS = 400;
const TEXT = 'x'.repeat(64 * 1024);

const numbers = (subscriber: Subscriber): number[] => subscriber.results.map(({ data }) => data.happened.n);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);
const connections = (): Promise<number> =>
  new Promise((resolve) => it.gateway.server.getConnections((_, count) => resolve(count)));

/** Subscribes by hand, and reads nothing more. */
async function stalledSocket(): Promise<WebSocket> {
  const socket = new WebSocket(it.wsUrl, 'graphql-transport-ws');
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer ada' } }));
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
  socket.pause();
  return socket;
}

/** The same by server-sent events. */
async function stalledStream(): Promise<ClientRequest> {
  const asked = request(`${it.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ada' },
  });
  asked.on('error', () => {});
  asked.end(JSON.stringify({ query: QUERY }));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return asked;
}

describe('a subscriber that does not read while things happen', () => {
  test('over a WebSocket is dropped with 4408, and the other members of the group see everything', async () => {
    const steady = it.subscribe(QUERY, 'ada');
    const [reading, deaf] = await Promise.all([stalledSocket(), stalledSocket()]);
    await until(() => it.gateway.subscribers === 3);
    it.feed.append(EVENTS, TEXT);
    await until(() => it.gateway.subscribers === 1);
    const closed = once(reading, 'close');
    reading.resume();
    expect((await closed)[0]).toBe(4408);
    await until(() => steady.results.length === EVENTS);
    expect(numbers(steady)).toEqual(upTo(EVENTS));
    // A client that does not even read that is cut off.
    while ((await connections()) > 1) await new Promise((resolve) => setTimeout(resolve, 20));
    deaf.terminate();
  });

  test('over server-sent events is ended, and the other members of the group see everything', async () => {
    const steady = it.subscribe(QUERY, 'ada');
    const asked = await stalledStream();
    await until(() => it.gateway.subscribers === 2);
    it.feed.append(EVENTS, TEXT);
    await until(() => it.gateway.subscribers === 1);
    await until(() => steady.results.length === EVENTS);
    expect(numbers(steady)).toEqual(upTo(EVENTS));
    while ((await connections()) > 1) await new Promise((resolve) => setTimeout(resolve, 20));
    asked.destroy();
  });
});

describe('server-sent events', () => {
  test('come from the same group as those over a socket, and from a cursor on', async () => {
    const steady = it.subscribe('subscription ($after: String) { happened(after: $after) { n } }', 'ada');
    await until(() => it.gateway.subscribers === 1);
    it.feed.append(3);
    await until(() => steady.results.length === 3);
    const leaving = new AbortController();
    const query = 'subscription ($after: String) { happened(after: $after) { n } }';
    const response = await fetch(`${it.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ada' },
      body: JSON.stringify({ query, variables: { after: 'c1' } }),
      signal: leaving.signal,
    });
    it.feed.append();
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('"n":4')) break;
    }
    expect([...text.matchAll(/"n":(\d)/g)].map(([, n]) => Number(n))).toEqual([2, 3, 4]);
    expect(it.feed.opened).toHaveLength(1);
    leaving.abort();
    await until(() => it.gateway.subscribers === 1);
  });
});
