/** What one address may hold open: requests under way, and streams. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { answerAfterSending } from '../../tests/support/answer-after-sending.ts';
import { until } from '../../tests/support/until.ts';
import { startGateway } from '../gateway.testing.ts';
import { LIMITS } from './limits.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
const held: { destroy(): void }[] = [];
beforeEach(async () => {
  const limits = { ...LIMITS, requestsPerAddress: 2, streamsPerAddress: 3, requestTimeoutMs: 60_000 };
  it = await startGateway({ limits, trustedProxies: 1 });
});
afterEach(async () => {
  for (const one of held.splice(0)) one.destroy();
  await it.gateway.close();
});

const ORDER = '{ order(id: "o1") { id } }';
const from = (address: string) => ({ 'x-forwarded-for': address });
const ask = (address: string) => it.post(ORDER, { headers: from(address) });

/** A request whose body does not end. */
async function unfinished(address: string, path = '/graphql'): Promise<ClientRequest> {
  const headers = { 'content-type': 'application/json', 'content-length': '1000', ...from(address) };
  const asked = request(`${it.url}${path}`, { method: 'POST', headers });
  asked.on('error', () => {});
  held.push(asked);
  asked.write('{"query":"');
  await once(asked, 'socket');
  return asked;
}

const deliver = (headers: Record<string, string>) =>
  fetch(`${it.url}/webhooks/order/parcels`, { method: 'POST', headers, body: '{}' });

/** A subscription by server-sent events, whose answer has begun. */
async function stream(address: string, token = 'Bearer ada'): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization: token };
  const asked = request(`${it.url}/graphql`, { method: 'POST', headers: { ...headers, ...from(address) } });
  asked.on('error', () => {});
  held.push(asked);
  asked.end(JSON.stringify({ query: 'subscription { orderUpdated { seq } }' }));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

const text = async (response: IncomingMessage): Promise<string> => {
  let all = '';
  for await (const part of response) all += String(part);
  return all;
};

/** Whether a socket of this address opens, or what is said instead. */
function socket(address: string): Promise<WebSocket | { status: number; said: string }> {
  const opening = new WebSocket(it.wsUrl, 'graphql-transport-ws', { headers: from(address) });
  held.push({ destroy: () => opening.terminate() });
  return new Promise((resolve) => {
    opening.once('open', () => resolve(opening));
    opening.on('error', () => {});
    opening.once(
      'unexpected-response',
      (_, response) => void text(response).then((said) => resolve({ status: response.statusCode!, said })),
    );
  });
}

describe('requests under way', () => {
  test('from one address are bounded, also where they arrive slowly, and others are served', async () => {
    const slow = [await unfinished('192.0.2.1'), await unfinished('192.0.2.1')];
    await until(async () => (await ask('192.0.2.1')).status === 429);
    it.world.calls.length = 0;
    const refused = await ask('192.0.2.1');
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
      429,
      '1',
      'close',
    ]);
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: expect.stringContaining('2 at once are allowed'),
          extensions: { code: 'RATE_LIMITED', policy: 'requests-under-way', retryAfterSeconds: 1 },
        },
      ],
    });
    expect(it.world.calls).toEqual([]);
    expect((await ask('192.0.2.2')).status).toBe(200);
    slow[0]!.destroy();
    await until(async () => (await ask('192.0.2.1')).status === 200);
    expect(it.world.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('count as one with webhooks, whose sender is told in their own words', async () => {
    const delivery = await unfinished('192.0.2.1', '/webhooks/order/parcels');
    await unfinished('192.0.2.1');
    await until(async () => (await ask('192.0.2.1')).status === 429);
    const headers = { ...from('192.0.2.1'), 'x-correlation-id': 'req_delivery' };
    const refused = await deliver(headers);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-correlation-id')]).toEqual([
      429,
      '1',
      'req_delivery',
    ]);
    expect(await refused.json()).toEqual({
      error: {
        code: 'RATE_LIMITED',
        policy: 'requests-under-way',
        retryAfterSeconds: 1,
        message: expect.stringContaining('at once'),
      },
    });
    expect((await fetch(`${it.url}/health`, { headers })).status).toBe(200);
    delivery.destroy();
    await until(async () => (await ask('192.0.2.1')).status === 200);
  });

  test('that are refused while a large body arrives are told so, and not cut off', async () => {
    await unfinished('192.0.2.1');
    await unfinished('192.0.2.1');
    await until(async () => (await ask('192.0.2.1')).status === 429);
    const large = JSON.stringify({ query: `${ORDER} #${'x'.repeat(1_000_000)}` });
    const headers = { 'content-type': 'application/json', ...from('192.0.2.1') };
    for (const path of ['/graphql', '/webhooks/order/parcels']) {
      const answer = await answerAfterSending(`${it.url}${path}`, headers, large);
      expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*"code":"RATE_LIMITED"/);
    }
    expect(it.world.calls).not.toContain('delivery');
  });

  test('that do not arrive in time give their places back, and are no errors of ours', async () => {
    await it.gateway.close();
    it = await startGateway({ limits: { ...LIMITS, requestsPerAddress: 1, requestTimeoutMs: 500 }, trustedProxies: 1 });
    for (const path of ['/graphql', '/webhooks/order/parcels']) {
      const late = await unfinished('192.0.2.1', path);
      const [response] = (await once(late, 'response')) as [IncomingMessage];
      expect([response.statusCode, await text(response)]).toEqual([408, expect.stringContaining('REQUEST_TIMEOUT')]);
      await until(async () => (await ask('192.0.2.1')).status === 200);
    }
    expect(it.world.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('are given back when they are answered, whatever the answer is', async () => {
    for (let n = 0; n < 5; n++) {
      expect((await ask('192.0.2.1')).status).toBe(200);
      const headers = { ...from('192.0.2.1'), 'content-type': 'text/plain' };
      expect((await it.post(ORDER, { headers })).status).toBe(415);
      expect((await it.post(ORDER, { token: 'Bearer nobody', headers: from('192.0.2.1') })).status).toBe(401);
    }
  });
});

describe('open streams', () => {
  test('of one address are counted together, by server-sent events and WebSockets, and take no place of requests', async () => {
    const first = await stream('192.0.2.1');
    expect((await stream('192.0.2.1')).statusCode).toBe(200);
    expect(await socket('192.0.2.1')).toBeInstanceOf(WebSocket);
    const refused = await stream('192.0.2.1');
    expect([refused.statusCode, await text(refused)]).toEqual([
      429,
      expect.stringMatching(/3 are allowed[^]*"code":"RATE_LIMITED","policy":"streams"/),
    ]);
    expect(await socket('192.0.2.1')).toEqual({
      status: 429,
      said: expect.stringMatching(/"code":"RATE_LIMITED".*3 are allowed/),
    });
    expect(it.world.listeners.size).toBe(1);
    expect(it.gateway.subscribers).toBe(2);

    expect((await ask('192.0.2.1')).status).toBe(200);
    expect((await stream('192.0.2.2')).statusCode).toBe(200);
    first.destroy();
    await until(async () => {
      const opened = await socket('192.0.2.1');
      return opened instanceof WebSocket;
    });
  });

  test('that are refused for another reason are not counted', async () => {
    for (let n = 0; n < 5; n++) {
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream', ...from('192.0.2.1') };
      const body = JSON.stringify({ query: 'subscription { orderUpdated { seq } }' });
      const response = await fetch(`${it.url}/graphql`, { method: 'POST', headers, body });
      expect(await response.text()).toContain('UNAUTHENTICATED');
    }
    expect((await stream('192.0.2.1')).statusCode).toBe(200);
  });
});
