import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createListener } from './create-listener.ts';

const server = createListener((_, response) => response.end('read'));
let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

test('a URL that is too long is answered with 431 and the remedy', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/?query=${'x'.repeat(20_000)}`);
  expect([response.status, await response.json()]).toEqual([
    431,
    { error: { code: 'HEADERS_TOO_LARGE', message: expect.stringContaining('by POST') } },
  ]);
});

test('a request that is no HTTP is answered, and the connection closed', async () => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write('hello\r\n\r\n');
  let answer = '';
  for await (const part of socket) answer += part as string;
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\{"error":\{"code":"BAD_REQUEST"/);
});

test('a client that disconnects while it sends does no harm', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nho');
  await once(socket, 'connect');
  socket.resetAndDestroy();
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('read');
});
