/** Receivers that break the rules of HTTP: an attempt ends whatever they do, since it holds one of few places. */
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { createTransport } from './post.ts';

test.each([
  ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', false],
  ['switches protocols, and sends more', 'HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nmore', true],
  ['says that it goes on, and hangs up', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n', true],
  ['says nothing, and hangs up', '', true],
  ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', false],
])('a receiver that %s has failed', async (_, answer, hangsUp) => {
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .once('data', () => {
        socket.write(answer);
        if (hangsUp) socket.end();
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An attempt that never ended would be a failure of this test, and not hold up the others.
  server.unref();
  const transport = createTransport({ loopback: true });
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const attempt = await transport.post({ url, headers: {}, body: '{}', signal: new AbortController().signal });
    expect(attempt).toMatchObject({ status: null, error: expect.any(String) });
  } finally {
    transport.close();
    server.close();
  }
});
