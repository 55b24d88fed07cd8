import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import type { ExecutionResult } from 'graphql';
import type { Replica } from '../agent/replicas.ts';
import { Unavailable } from '../errors.ts';
import type { RequestContext } from '../graphql/context.ts';
import { ANONYMOUS } from '../identity/actor.ts';
import { newUuid } from '../ids.ts';
import { newKey } from '../secrets/key-ring.ts';
import { beginningIn } from './beginning.ts';
import { remoteSmall, type ServedSmall, serveSmall } from './wire.testing.ts';

const context: RequestContext = { actor: ANONYMOUS, correlationId: 'req_1' };
const COUNT = { query: 'mutation { count }' };
const READ = { query: '{ values { id } }' };
const ANSWER = { data: { values: { id: 'one' } } };

let servers: Server[];
let served: ServedSmall[];
let replicas: Replica[];
let it: ReturnType<typeof remoteSmall>;

beforeEach(() => {
  [servers, served, replicas] = [[], [], []];
  it = remoteSmall(() => replicas);
});
afterEach(async () => {
  it.transport.close();
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  await Promise.all(served.map((one) => one.served.close()));
});

/** A replica that works. */
async function good(): Promise<ServedSmall> {
  const one = await serveSmall();
  served.push(one);
  replicas.push(one.replica);
  return one;
}

/** A replica with this request listener. */
async function bad(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/small`;
  replicas.push({ agent: 'small', process: newUuid(), instance: 'bad', url, sdlHash: '', isLate: false });
  return server;
}

/** A replica whose process is gone. */
async function dead(): Promise<void> {
  const server = await bad(() => {});
  await new Promise((resolve) => server.close(resolve));
  servers.splice(servers.indexOf(server), 1);
}

const ask = (request = READ, more: Partial<RequestContext> = {}) => it.remote.execute(request, { ...context, ...more });

describe('an agent with several replicas', () => {
  test('is asked round-robin', async () => {
    const [one, two] = [await good(), await good()];
    for (let n = 0; n < 10; n++) await ask();
    expect([one.world.callers.length, two.world.callers.length]).toEqual([5, 5]);
  });

  test('is asked at the next when one cannot be connected to, also for writes', async () => {
    await dead();
    const { world } = await good();
    await dead();
    for (let n = 1; n <= 6; n++) expect((await ask(COUNT)).data).toEqual({ count: n });
    expect(world.counted).toBe(6);
  });

  test('is asked at the next when one refuses before any effect', async () => {
    const other = await serveSmall({ ring: [newKey()] });
    served.push(other);
    replicas.push(other.replica);
    await good();
    for (let n = 1; n <= 4; n++) expect((await ask(COUNT)).data).toEqual({ count: n });
    expect(other.refused.length).toBeGreaterThan(0);
  });

  test.each([
    ['hangs up', (request) => request.socket.destroy()],
    [
      'breaks off',
      (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy()),
    ],
    ['does not make sense', (_, response) => void response.end('<html>')],
    ['answers something else', (_, response) => void response.end('{"message":"Bad gateway"}')],
  ] satisfies [string, RequestListener][])(
    'has a read retried at the next when one %s; a write is not retried',
    async (_, answer) => {
      let asked = 0;
      await bad((request, response) => {
        asked++;
        request.resume().on('end', () => answer(request, response));
      });
      const { world } = await good();
      expect(JSON.parse(JSON.stringify(await ask()))).toEqual(ANSWER);
      expect(asked).toBe(1);
      replicas.pop();
      await expect(ask(COUNT)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: 'The agent small did not answer.',
      });
      expect({ asked, counted: world.counted }).toEqual({ asked: 2, counted: 0 });
    },
  );

  test('is not asked a third time for a read', async () => {
    let asked = 0;
    for (let n = 0; n < 4; n++)
      await bad((request) => request.resume().on('end', () => (asked++, request.socket.destroy())));
    await expect(ask()).rejects.toBeInstanceOf(Unavailable);
    expect(asked).toBe(2);
  });

  test('is asked last at one that gave no answer, for a while', async () => {
    let asked = 0;
    await bad((request) => request.resume().on('end', () => (asked++, request.socket.destroy())));
    await good();
    for (let n = 0; n < 10; n++) await ask();
    expect(asked).toBe(1);
  });
});

describe('a kept-alive connection', () => {
  test('that has died meanwhile does not fail a read', async () => {
    let connections = 0;
    const server = await bad((request, response) => {
      request.resume();
      response.end(JSON.stringify(ANSWER));
    });
    server.on('connection', () => connections++);
    await ask();
    // As a machine that stops: pending requests on the connection are not read any more.
    server.removeAllListeners('request');
    server.once('request', (request) => request.socket.destroy());
    server.on('request', (_, response) => response.end(JSON.stringify(ANSWER)));
    expect(await ask()).toEqual(ANSWER);
    expect(connections).toBe(2);
  });
});

describe('an agent that is slow', () => {
  test('is given up at the deadline, and sees the abort', async () => {
    it.transport.close();
    it = remoteSmall(() => replicas, { timeoutMs: 300 });
    const { world } = await good();
    await expect(ask({ query: '{ waits }' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The agent small did not answer in 300 ms.',
    });
    await until('the agent learns it', () => world.aborted === 1);
    expect(world.waiting).toBe(1);
  });

  test('is not asked at all for a caller that has disconnected', async () => {
    const { world } = await good();
    const reason = new Error('gone');
    await expect(ask(READ, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(world.callers).toEqual([]);
  });

  test('is given up when its caller disconnects, with that reason', async () => {
    const { world } = await good();
    const leaving = new AbortController();
    const asked = ask({ query: '{ waits }' }, { signal: leaving.signal });
    await until('it waits', () => world.waiting === 1);
    const reason = new Error('gone');
    leaving.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});

describe('an error', () => {
  test('names the agent and no address, whatever its cause', async () => {
    await expect(ask()).rejects.toMatchObject({ message: 'The agent small is not there.' });
    await dead();
    const error = (await ask().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toMatch(/\d/);
  });

  test('of a replica of another version is a fault, not a mistake of the client', async () => {
    await good();
    const { errors } = await ask({ query: '{ newField }' });
    expect(errors![0]!.originalError).toMatchObject({ name: 'Fault', code: 'NOT_UNDERSTOOD' });
    expect(errors![0]!.extensions).toEqual({});
  });
});

describe('a subscription', () => {
  const open = async () => {
    const opened = await it.remote.subscribe({ query: 'subscription { silence }' }, context);
    return (opened as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  };

  test('is opened at a replica that answers', async () => {
    await dead();
    const { world } = await good();
    const source = await open();
    expect(world.open).toBe(1);
    await source.return!();
  });

  test('sends its start cursor before the first event', async () => {
    await good();
    const opened = await it.remote.subscribe({ query: 'subscription { begins }' }, context);
    const results = [];
    for await (const result of opened as AsyncIterable<ExecutionResult>) results.push(result);
    expect(results).toEqual([{ extensions: { began: 'c1' } }, { data: { begins: 1 } }, { data: { begins: 2 } }]);
    expect(beginningIn(results[0]!)).toBe('c1');
    expect(beginningIn(results[1]!)).toBeUndefined();
  });

  test('ends with an error when its process ends: its reader subscribes again', async () => {
    const one = await good();
    const source = await open();
    const next = source.next();
    await one.served.close();
    await expect(next).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'The agent small did not answer.' });
    expect(await source.next()).toEqual({ done: true, value: undefined });
    await until('the source is let go', () => one.world.open === 0);
  });

  test('ends when its context is aborted', async () => {
    const { world } = await good();
    const leaving = new AbortController();
    const query = 'subscription { silence }';
    const opened = await it.remote.subscribe({ query }, { ...context, signal: leaving.signal });
    const next = (opened as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
    leaving.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await until('the source is let go', () => world.open === 0);
  });
});

describe('a server that closes', () => {
  test('finishes pending requests first, and takes no more on its connections', async () => {
    const one = await good();
    const asked = ask({ query: '{ soon }' });
    await until('it is under way', () => one.world.callers.length === 1);
    const closed = one.served.close();
    expect((await asked).data).toEqual({ soon: 'soon' });
    await closed;
    await expect(ask()).rejects.toBeInstanceOf(Unavailable);
  });
});
