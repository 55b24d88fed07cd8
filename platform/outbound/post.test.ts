import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { createTransport } from './post.ts';

const ENDLESS = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n';

test.each<[string, string, object]>([
  [
    'changes the protocol',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    { status: null, error: 'another protocol, which was not asked for' },
  ],
  ['says go on, and no more', 'HTTP/1.1 100 Continue\r\n\r\n', { status: null, error: 'no answer within 300 ms' }],
  ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', { status: null, error: expect.stringContaining('Parse Error') }],
  ['says nothing', '', { status: null, error: 'no answer within 300 ms' }],
  ['never ends its answer', ENDLESS, { status: 200, error: null, excerpt: null }],
])('an attempt ends with a receiver that %s', async (_, answer, end) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const transport = createTransport({ loopback: true }, 300);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    expect(await transport.post({ url, headers: {}, body: '{}', signal: new AbortController().signal })).toMatchObject(
      end,
    );
  } finally {
    transport.close();
    server.close();
  }
});
