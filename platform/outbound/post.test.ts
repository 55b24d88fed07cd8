/** Receivers that break the rules of HTTP: an attempt ends whatever they do, since it holds one of few places. */
import { type AddressInfo, createServer } from 'node:net';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { hasOpenssl, makeCertificate } from '../../tests/support/certificate.ts';
import { type Attempt, createTransport, MAX_EXCERPT } from './post.ts';

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

/** A transport, and the address of a server that answers so; both are closed afterwards. */
async function sendTo(
  answers: (request: IncomingMessage, response: ServerResponse) => void,
  work: (send: () => Promise<Attempt>) => Promise<void>,
  timeoutMs?: number,
): Promise<void> {
  const server = createHttpServer(
    (request, response) => void request.resume().on('end', () => answers(request, response)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport({ loopback: true }, timeoutMs);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  try {
    await work(() => transport.post({ url, headers: {}, body: '{}', signal: new AbortController().signal }));
  } finally {
    transport.close();
    server.closeAllConnections();
    server.close();
  }
}

test('a kept connection that the receiver has closed meanwhile is no failure: the webhook goes over another one', async () => {
  const used = new WeakSet<object>();
  let connections = 0;
  const answers = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    // The second webhook of a connection meets its end.
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    connections++;
    response.end();
  };
  await sendTo(answers, async (send) => {
    for (let n = 0; n < 3; n++) expect(await send()).toMatchObject({ status: 200, error: null });
    expect(connections).toBe(3);
  });
});

test('a receiver that closes every connection without an answer has failed', async () => {
  let came = 0;
  const answers = ({ socket }: IncomingMessage): void => {
    came++;
    socket.resetAndDestroy();
  };
  await sendTo(answers, async (send) => {
    expect(await send()).toMatchObject({ status: null, error: expect.any(String) });
    expect(came).toBe(1);
  });
});

test('of an answer without an end little is read, and its connection is closed', async () => {
  let written = 0;
  const closed = Promise.withResolvers<void>();
  const answers = (_: IncomingMessage, response: ServerResponse): void => {
    response.once('close', closed.resolve).on('error', () => {});
    const more = (): void => {
      if (response.destroyed) return;
      written += 65_536;
      response.write('x'.repeat(65_536), () => setImmediate(more));
    };
    more();
  };
  await sendTo(answers, async (send) => {
    expect(await send()).toMatchObject({ status: 200, error: null, excerpt: 'x'.repeat(MAX_EXCERPT) });
    await closed.promise;
    expect(written).toBeGreaterThan(0);
  });
});

test('an answer whose body never comes is one, at the timeout', async () => {
  const answers = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write('o');
  await sendTo(answers, async (send) => expect(await send()).toMatchObject({ status: 200, error: null }), 300);
});

const withOpenssl = hasOpenssl() ? test : test.skip;
withOpenssl('a receiver whose certificate nobody vouches for is sent nothing, and the attempt says why', async () => {
  const certificate = makeCertificate();
  let came = 0;
  const [cert, key] = [readFileSync(certificate.cert), readFileSync(certificate.key)];
  const server = createTlsServer({ cert, key }, (_, response) => {
    came++;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport({ loopback: true });
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const attempt = await transport.post({ url, headers: {}, body: '{}', signal: new AbortController().signal });
    expect(attempt).toMatchObject({ status: null, error: expect.stringContaining('certificate') });
    expect(came).toBe(0);
  } finally {
    transport.close();
    server.close();
    certificate.remove();
  }
});
