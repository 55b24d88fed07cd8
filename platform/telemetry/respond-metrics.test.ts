import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respondMetrics } from './respond-metrics.ts';

let server: Server;
let token: string | undefined;

beforeAll(async () => {
  server = createServer((request, response) => void respondMetrics(request, response, token));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => void server.close());

const status = async (headers: Record<string, string> = {}): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, { headers });
  await response.text();
  return response.status;
};

test('without a token only this machine may read the metrics, not through a proxy', async () => {
  token = undefined;
  expect(await status()).toBe(200);
  expect(await status({ 'x-forwarded-for': '127.0.0.1' })).toBe(403);
  expect(await status({ forwarded: 'for=127.0.0.1' })).toBe(403);
});

test('with a token only requests that carry it may read the metrics', async () => {
  token = 'a token of sixteen letters';
  expect(await status()).toBe(401);
  expect(await status({ authorization: 'Bearer another' })).toBe(401);
  expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
});
