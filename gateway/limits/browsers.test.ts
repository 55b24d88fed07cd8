import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { startGateway } from '../gateway.testing.ts';
import { until } from '../../tests/support/until.ts';
import { LIMITS } from './limits.ts';
import { PATIENCE_MS } from '../../tests/support/patience.ts';

const SHOP = 'https://shop.example';
let it: Awaited<ReturnType<typeof startGateway>>;
let open: Awaited<ReturnType<typeof startGateway>>;
let hasty: Awaited<ReturnType<typeof startGateway>>;
beforeAll(async () => {
  const strict = { origins: [SHOP], introspection: false, streamsPerAddress: 2, subscriptionsPerSocket: 2 };
  it = await startGateway({ limits: { ...LIMITS, ...strict, connectionInitMs: PATIENCE_MS } });
  open = await startGateway();
  hasty = await startGateway({ limits: { ...LIMITS, connectionInitMs: 100 } });
});
afterAll(async () => {
  await it.gateway.close();
  await open.gateway.close();
  await hasty.gateway.close();
});
const ORDER = '{ order(id: "o1") { id } }';
const preflight = (url: string, origin: string) =>
  fetch(`${url}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
    },
  });

describe('pages of other origins', () => {
  test('in the list may ask and read, and no others', async () => {
    const allowed = await preflight(it.url, SHOP);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(SHOP);
    // By these a page goes on with a download that broke off.
    expect(allowed.headers.get('access-control-expose-headers')).toMatch(/\betag, content-range, content-disposition$/);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const denied = await preflight(it.url, 'https://evil.example');
    expect(denied.headers.get('access-control-allow-origin')).toBeNull();
    const read = await it.post(ORDER, { headers: { origin: 'https://evil.example' } });
    expect(read.headers.get('access-control-allow-origin')).toBeNull();
    expect(read.headers.get('vary')).toContain('origin');
    const refused = await it.post(ORDER, { headers: { origin: SHOP, authorization: 'Bearer nobody' } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, SHOP]);
  });

  test('may all ask and read where there is no list', async () => {
    expect((await preflight(open.url, 'https://any.example')).headers.get('access-control-allow-origin')).toBe('*');
    expect((await open.post(ORDER)).headers.get('access-control-allow-origin')).toBe('*');
  });

  test('cannot make a browser change anything without asking first', async () => {
    it.world.calls.length = 0;
    const body = JSON.stringify({ query: 'mutation { place(name: "x") { id } }' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const response = await fetch(`${it.url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(response.status).toBe(415);
    }
    const bare = await fetch(`${it.url}/graphql`, { method: 'POST', body: Buffer.from(body) });
    expect(bare.status).toBe(415);
    const byGet = await fetch(`${it.url}/graphql?query=${encodeURIComponent('mutation { place(name: "x") { id } }')}`);
    expect(byGet.status).toBe(405);
    expect(it.world.calls).toEqual([]);
  });
});

test('every answer carries the security headers; GraphiQL has a policy of its own', async () => {
  const paths = ['/health', '/elsewhere', '/metrics', `/graphql?query=${encodeURIComponent(ORDER)}`];
  for (const path of paths) {
    const { headers } = await fetch(it.url + path);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-xss-protection')).toBe('1; mode=block');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
  const page = await fetch(`${it.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
  expect(await page.text()).toContain('Content-Security-Policy');
});

describe('without introspection', () => {
  const ask = async (query: string, gateway = it) =>
    ((await (await gateway.post(query)).json()) as { errors?: { message: string }[] }).errors?.[0]?.message;
  const over = (query: string) =>
    new Promise<string | undefined>((resolve) => {
      const client = it.client();
      const told = (answer: unknown) => resolve((answer as { message: string }[])[0]?.message);
      client.subscribe({ query }, { next: told, error: told, complete: () => resolve(undefined) });
    });

  test('the schema is not shown, over HTTP or WebSocket; `__typename` is no secret', async () => {
    expect(await ask('{ __schema { types { name } } }')).toContain('introspection has been disabled');
    expect(await ask('{ __type(name: "Order") { name } }')).toContain('introspection has been disabled');
    expect(await over('{ __schema { types { name } } }')).toContain('introspection has been disabled');
    expect(await ask('{ __typename order(id: "o1") { __typename } }')).toBeUndefined();
  });

  test('errors suggest no names', async () => {
    const typo = '{ order(id: "o1") { totl } }';
    expect(await ask(typo, open)).toContain('Did you mean "total"');
    expect(await ask(typo)).toBe('Cannot query field "totl" on type "Order".');
    expect(await over(typo)).toBe('Cannot query field "totl" on type "Order".');
  });
});

describe('WebSockets', () => {
  const socket = (headers: Record<string, string> = {}, { wsUrl } = it) => {
    const ws = new WebSocket(wsUrl, 'graphql-transport-ws', { headers });
    const ended = new Promise<number>((resolve) => {
      ws.on('unexpected-response', (_, response) => resolve(response.statusCode!));
      ws.on('close', (code) => resolve(code));
      ws.on('error', () => {});
    });
    return { ws, ended };
  };

  test('open for pages of the list and for our own, and for clients that are no browsers', async () => {
    expect(await socket({ origin: 'https://evil.example' }).ended).toBe(403);
    expect(await socket({ origin: 'null' }).ended).toBe(403);
    for (const headers of [{ origin: SHOP }, { origin: it.url }, {}] as Record<string, string>[]) {
      const { ws, ended } = socket(headers);
      await once(ws, 'open');
      ws.close();
      await ended;
    }
  });

  test('close when no connection_init comes', async () => {
    expect(await socket({}, hasty).ended).toBe(4408);
  });

  test('are limited in number for each address, until one closes', async () => {
    const two = [socket(), socket()];
    await Promise.all(two.map(({ ws }) => once(ws, 'open')));
    expect(await socket().ended).toBe(429);
    for (const { ws } of two) ws.terminate();
    await Promise.all(two.map(({ ended }) => ended));
    let isOpen = false;
    const end = Date.now() + PATIENCE_MS;
    while (!isOpen && Date.now() < end) {
      const { ws, ended } = socket();
      isOpen = await Promise.race([
        new Promise<true>((resolve) => ws.once('open', () => resolve(true))),
        ended.then((): false => false),
      ]);
      ws.terminate();
      await ended;
    }
    expect(isOpen).toBe(true);
  });

  test('are limited in the number of their open operations', async () => {
    const client = it.client('Bearer ada');
    const errors: unknown[] = [];
    const ends = [1, 2, 3].map(() =>
      client.subscribe(
        { query: 'subscription { ticked { seq } }' },
        { next() {}, error: (error) => errors.push(error), complete() {} },
      ),
    );
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject([{ extensions: { code: 'RATE_LIMITED', policy: 'subscriptions' } }]);
    await until(() => it.gateway.subscribers === 2);
    for (const end of ends) end();
    await client.dispose();
  });
});
