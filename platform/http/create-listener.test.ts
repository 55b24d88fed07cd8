/** Connections that a client would hold: none outlives the time that it is given. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hasOpenssl, makeCertificate } from '../../tests/support/certificate.ts';
import { orSkip } from '../../tests/support/or-skip.ts';
import { givenTls } from './given-tls.ts';
import { createListener } from './create-listener.ts';

const TIMEOUT_MS = 500;
const servers: Server[] = [];
/** Answers with the length of the body, in two parts where the URL says how long to wait between them. */
async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0;
  try {
    for await (const part of asked) bytes += part.length;
  } catch {
    return; // Its connection has ended first.
  }
  response.write('read ');
  await wait(Number(asked.url!.slice(1)));
  response.end(String(bytes));
}

async function listening(requestTimeoutMs?: number): Promise<number> {
  const server = createListener((asked, response) => void answer(asked, response), { requestTimeoutMs });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

let port: number;
beforeAll(async () => {
  port = await listening(TIMEOUT_MS);
});
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;

/** Opens a connection, sends this and keeps it: everything that comes, until the server has closed it. */
async function told(text: string, options: Partial<NetConnectOpts> = {}): Promise<string> {
  const socket: Socket = connect({ port, host: '127.0.0.1', ...options }).setEncoding('utf8');
  socket.on('error', () => {});
  socket.write(text);
  let answer = '';
  socket.on('data', (part) => (answer += part));
  await once(socket, 'close');
  return answer;
}

const LATE = /^HTTP\/1\.1 408 Request Timeout\r\n[^]*"code":"REQUEST_TIMEOUT"/;

test('a request whose body does not arrive in time is answered with 408, and its connection closed', async () => {
  expect(await told(`${post('/0', 1000)}begun`)).toMatch(LATE);
});

test('a request whose head does not arrive in time likewise, and one that says nothing', async () => {
  expect(await told('POST / HTTP/1.1\r\nhost: x\r\n')).toMatch(LATE);
  expect(await told('')).toMatch(LATE);
});

test('a client that sends a byte now and then gets no more time', async () => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => {});
  socket.write(post('/0', 1_000_000));
  const drip = setInterval(() => socket.write('x'), TIMEOUT_MS / 10);
  let answer = '';
  socket.on('data', (part) => (answer += part));
  await once(socket, 'close');
  clearInterval(drip);
  expect(answer).toMatch(LATE);
});

test('a client that never closes its side is cut off after the answer', async () => {
  const count = (): Promise<number> =>
    new Promise((resolve) => servers[0]!.getConnections((_, connections) => resolve(connections)));
  for (const text of ['no http\r\n\r\n', post('/0', 1000)]) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.write(text);
    socket.resume();
    await once(socket, 'end');
    while ((await count()) > 0) await wait(20);
    expect(socket.readyState).toBe('writeOnly');
    socket.destroy();
  }
});

orSkip(
  hasOpenssl(),
  test,
  'the handshake of TLS',
  'openssl',
)('a client that does not shake hands with a TLS listener is cut off', async () => {
  const { cert, key, remove } = makeCertificate();
  const tls = givenTls({ TLS_CERT: cert, TLS_KEY: key });
  remove();
  const server = createListener(() => {}, { tls, requestTimeoutMs: TIMEOUT_MS });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'close');
  expect(socket.bytesRead).toBe(0);
});

test('a body over a slow line gets through, as long as it is whole in time', async () => {
  const patient = await listening(60_000);
  const asked = request({ port: patient, host: '127.0.0.1', path: '/0', method: 'POST' });
  for (let part = 0; part < 5; part++) {
    asked.write('x'.repeat(100));
    await wait(TIMEOUT_MS / 2);
  }
  asked.end();
  const [response] = await once(asked, 'response');
  expect(await text(response)).toBe('read 500');
});

test('neither an answer nor an idle connection is ended by the time that requests have', async () => {
  // Enough for a request of a client in the same process, however little of the machine both have.
  const patient = await listening(5000);
  servers.at(-1)!.keepAliveTimeout = 60_000;
  const longer = 6000;
  const slow = new Agent({ keepAlive: true, maxSockets: 1 });
  const idle = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (agent: Agent, path: string) => {
    const asked = request({ port: patient, host: '127.0.0.1', path, method: 'POST', agent }).end('abc');
    const [response] = await once(asked, 'response');
    return { isReused: asked.reusedSocket, said: await text(response) };
  };
  const twice = async () => {
    const first = await ask(idle, '/0');
    await wait(longer);
    return [first, await ask(idle, '/0')];
  };
  expect(await Promise.all([ask(slow, `/${longer}`), twice()])).toEqual([
    { isReused: false, said: 'read 3' },
    [
      { isReused: false, said: 'read 3' },
      { isReused: true, said: 'read 3' },
    ],
  ]);
  for (const agent of [slow, idle]) agent.destroy();
});

async function text(response: AsyncIterable<Buffer>): Promise<string> {
  let all = '';
  for await (const part of response) all += String(part);
  return all;
}
