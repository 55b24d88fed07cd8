import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ExecutionResult } from 'graphql';
import WebSocket from 'ws';
import { startGateway } from '../gateway.testing.ts';
import { until } from '../../tests/support/until.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeEach(async () => {
  it = await startGateway();
});
afterEach(() => it.gateway.close());

const UPDATED = 'subscription { orderUpdated { seq order { id customer { name } } } }';
const event = (seq: number) => ({
  seq,
  note: 'n',
  order: { id: 'o1', total: 42, margin: 7, customer: { __typename: 'Customer', id: 'u2' } },
});
const codes = (result: ExecutionResult | undefined): unknown[] =>
  (result?.errors ?? []).map((error) => error.extensions!.code);

/** Subscribes, and collects what arrives. */
function collect(query: string, authorization?: string, client = it.client(authorization)) {
  const results: ExecutionResult[] = [];
  const state = { results, isComplete: false, error: undefined as unknown, client, unsubscribe: () => {} };
  state.unsubscribe = client.subscribe(
    { query },
    {
      next: (result) => void results.push(result as ExecutionResult),
      error: (error) => (state.error = error),
      complete: () => (state.isComplete = true),
    },
  );
  return state;
}

describe('a subscription over WebSocket', () => {
  test('joins each event with fields of another subgraph, in a context of its own', async () => {
    const stream = collect(UPDATED, 'Bearer ada');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    it.world.emit(event(2));
    await until(() => stream.results.length === 2);
    const order = { id: 'o1', customer: { name: 'Bob' } };
    expect(stream.results).toEqual([1, 2].map((seq) => ({ data: { orderUpdated: { seq, order } } })));
    expect(new Set(it.world.contexts).size).toBe(2);
    expect(it.world.contexts.filter(({ mayLag }) => mayLag)).toEqual([]);
    stream.unsubscribe();
    await until(() => it.world.listeners.size === 0);
  });

  test('may use the names of entity keys as aliases', async () => {
    const query = 'subscription { id: orderUpdated { __typename: seq order { id: total customer { name } } } }';
    const stream = collect(query, 'Bearer ada');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    await until(() => stream.results.length === 1);
    const order = { id: 42, customer: { name: 'Bob' } };
    expect(stream.results).toEqual([{ data: { id: { __typename: 1, order } } }]);
    stream.unsubscribe();
  });

  test('is refused before it is opened, with an error and not a closed socket', async () => {
    const stream = collect(UPDATED);
    await until(() => stream.isComplete || stream.error !== undefined);
    expect(codes(stream.results[0])).toEqual(['UNAUTHENTICATED']);
    expect(it.world.listeners.size).toBe(0);
    const next = collect('{ order(id: "q") { id } }', undefined, stream.client);
    await until(() => next.isComplete);
    expect(next.results).toEqual([{ data: { order: { id: 'q' } } }]);
  });

  test('answers null for a denied field in every event', async () => {
    const stream = collect('subscription { ticked { seq note order { margin total } } }');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    it.world.emit(event(2));
    await until(() => stream.results.length === 2);
    expect(stream.results[1]!.data).toEqual({ ticked: { seq: 2, note: null, order: { margin: null, total: 42 } } });
    expect(codes(stream.results[1])).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });

  test('gives one named operation of several, with its variables', async () => {
    const results: unknown[] = [];
    const query = `
      subscription A { ticked { seq } }
      subscription B($no: Boolean!, $yes: Boolean = true) {
        ticked { order { id @include(if: $yes) total @include(if: $no) } }
      }`;
    it.client().subscribe({ query, operationName: 'B', variables: { no: false } }, ignoring(results));
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    await until(() => results.length === 1);
    expect(results).toEqual([{ data: { ticked: { order: { id: 'o1' } } } }]);
  });

  test('masks an error in an event, and goes on', async () => {
    const stream = collect('subscription { ticked { seq broken } }');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    it.world.emit(event(2));
    await until(() => stream.results.length === 2);
    expect(stream.results[0]!.data).toEqual({ ticked: { seq: 1, broken: null } });
    expect(stream.results.map(codes)).toEqual([['INTERNAL_SERVER_ERROR'], ['INTERNAL_SERVER_ERROR']]);
    expect(JSON.stringify(stream.results)).not.toContain('secret');
  });

  test('closes its source when the socket is cut', async () => {
    const stream = collect(UPDATED, 'Bearer ada');
    await until(() => it.world.listeners.size === 1);
    stream.client.terminate();
    await until(() => it.world.listeners.size === 0);
    expect(stream.results).toEqual([]);
  });

  test('runs queries and mutations through the same gate and mask', async () => {
    const client = it.client();
    const denied = collect('mutation { refund { id } }', undefined, client);
    const fault = collect('{ fault }', undefined, client);
    const invalid = collect('{ nothing }', undefined, client);
    const broken = collect('{ order(', undefined, client);
    await until(
      () => denied.isComplete && fault.isComplete && invalid.error !== undefined && broken.error !== undefined,
    );
    expect(codes(denied.results[0])).toEqual(['UNAUTHENTICATED']);
    expect(codes(fault.results[0])).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(JSON.stringify(invalid.error)).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(JSON.stringify(broken.error)).toContain('GRAPHQL_PARSE_FAILED');
    expect(it.world.calls).toEqual([]);
  });
});

describe('the permissions of an open subscription', () => {
  test('are checked again for every event, as the renewed token says, and end it', async () => {
    it.world.roles.set('ada', ['order:read']);
    const socket = await rawSocket('Bearer ada');
    socket.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { orderUpdated { seq note } }' } });
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    await until(() => socket.messages.some((message) => message.type === 'next'));
    it.world.roles.set('ada', []);
    socket.send({ type: 'ping', payload: { authorization: 'Bearer ada' } });
    await until(() => socket.messages.some((message) => message.type === 'pong'));
    it.world.emit(event(2));
    await until(() => socket.messages.some((message) => message.type === 'complete'));
    const payloads = socket.messages.filter((message) => message.type === 'next').map((message) => message.payload);
    expect(payloads[0]).toEqual({ data: { orderUpdated: { seq: 1, note: 'n' } } });
    expect(payloads[1]).toMatchObject({ data: null, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(it.world.listeners.size).toBe(0);
  });
});

describe('the token of a socket', () => {
  test('closes it with 4401 when it expires', async () => {
    const socket = await rawSocket('Bearer ada 150');
    expect(await socket.closed).toBe(4401);
  });

  test('can be renewed by a ping', async () => {
    const socket = await rawSocket('Bearer ada 300');
    socket.send({ type: 'ping', payload: { authorization: 'Bearer ada 60000' } });
    const winner = await Promise.race([socket.closed, new Promise((resolve) => setTimeout(resolve, 600, 'open'))]);
    expect(winner).toBe('open');
  });

  test("cannot be renewed by another actor's, nor by an invalid one", async () => {
    for (const authorization of ['Bearer bob', 'Bearer nobody', 7]) {
      const socket = await rawSocket('Bearer ada');
      socket.send({ type: 'ping', payload: { authorization } });
      expect(await socket.closed).toBe(4403);
    }
  });

  test('is refused with 4403 if it is invalid', async () => {
    expect(await (await rawSocket('Bearer nobody', false)).closed).toBe(4403);
  });
});

describe('a misused socket', () => {
  test('is closed for a message that is too large or not of the protocol, and other sockets stay open', async () => {
    const other = await rawSocket('Bearer ada');
    const large = await rawSocket('Bearer ada');
    large.send({ type: 'ping', payload: { filler: 'x'.repeat(300 * 1024) } });
    expect(await large.closed).toBe(1009);
    const foreign = await rawSocket('Bearer ada');
    foreign.send({ hello: 'world' });
    expect(await foreign.closed).toBe(4400);
    other.send({ id: '1', type: 'subscribe', payload: { query: '{ order(id: "x") { id } }' } });
    await until(() => other.messages.some((message) => message.type === 'complete'));
    expect(other.messages.find((message) => message.type === 'next')!.payload).toEqual({
      data: { order: { id: 'x' } },
    });
  });

  test('is not opened on another path', async () => {
    const socket = new WebSocket(it.wsUrl.replace('/graphql', '/other'), 'graphql-transport-ws');
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('404');
  });
});

describe('a subscription over SSE', () => {
  test('joins events, and closes its source when the client leaves', async () => {
    const abort = new AbortController();
    const response = await fetch(`${it.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ada' },
      body: JSON.stringify({ query: UPDATED }),
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('data: {')) break;
    }
    expect(text).toContain('{"data":{"orderUpdated":{"seq":1,"order":{"id":"o1","customer":{"name":"Bob"}}}}}');
    abort.abort();
    await until(() => it.world.listeners.size === 0);
  });

  test('ends with an error at the first event after its token has expired', async () => {
    const response = await fetch(`${it.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ada 200' },
      body: JSON.stringify({ query: UPDATED }),
    });
    await until(() => it.world.listeners.size === 1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    it.world.emit(event(1));
    const text = await response.text();
    expect(text).toContain('UNAUTHENTICATED');
    expect(text).not.toContain('"seq"');
    expect(it.world.listeners.size).toBe(0);
  });
});

describe('closing', () => {
  test('ends sockets with 1001 and streams with them, and does not wait for them to end by themselves', async () => {
    const socket = await rawSocket('Bearer ada');
    socket.send({ id: '1', type: 'subscribe', payload: { query: UPDATED } });
    await until(() => it.world.listeners.size === 1);
    await it.gateway.close();
    expect(await socket.closed).toBe(1001);
    await until(() => it.world.listeners.size === 0);
    await expect(fetch(`${it.url}/health`)).rejects.toThrow('fetch failed');
  });
});

const ignoring = (results: unknown[]) => ({
  next: (result: unknown) => void results.push(result),
  error() {},
  complete() {},
});

/** The protocol by hand, for messages that the client library does not send. */
async function rawSocket(authorization: unknown, isAccepted = true) {
  const socket = new WebSocket(it.wsUrl, 'graphql-transport-ws');
  const messages: { type: string; payload?: unknown }[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (data) => void messages.push(JSON.parse(String(data))));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (message: object): void => socket.send(JSON.stringify(message));
  send({ type: 'connection_init', payload: { authorization } });
  if (isAccepted) await until(() => messages.some((message) => message.type === 'connection_ack'));
  return { messages, closed, send };
}
