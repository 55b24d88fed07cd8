/** An answer that does not wait for the rest of its request: the client gets it whatever it still sends, and no more. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerAfterSending } from '../../tests/support/answer-after-sending.ts';
import { createListener } from './create-listener.ts';
import { respondUnread } from './respond-unread.ts';

let server: Server;
let port: number;
beforeAll(async () => {
  server = createListener((_, response) => respondUnread(response, 429, { error: 'busy' }, { 'retry-after': '1' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close().closeAllConnections());

const MEGABYTE = 1_000_000;

test('a client that sends a megabyte before it reads gets its answer', async () => {
  const answer = await answerAfterSending(`http://127.0.0.1:${port}/`, {}, 'x'.repeat(MEGABYTE));
  expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*\r\nretry-after: 1\r\nconnection: close\r\n[^]*\{"error":"busy"\}$/);
});

test('a request without a body is answered, and its connection closed', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect([response.status, await response.json(), response.headers.get('connection')]).toEqual([
    429,
    { error: 'busy' },
    'close',
  ]);
});

test('a client whose body never ends has its answer at once, and is cut off', async () => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => {});
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${MEGABYTE}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*\{"error":"busy"\}$/);
  const drip = setInterval(() => socket.write('x'), 50);
  await once(socket, 'close');
  clearInterval(drip);
});
