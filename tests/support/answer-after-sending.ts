import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * The answer to a POST, as text, for a client that reads nothing before it has sent everything, as simple ones do: what a
 * connection that is reset had received is lost.
 * @throws Error ECONNRESET or EPIPE if it is
 */
export async function answerAfterSending(
  url: string,
  headers: Record<string, string>,
  body: string,
  pauseMs = 100,
): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8').pause();
  const lines = Object.entries({ host: hostname, 'content-length': String(body.length), ...headers });
  const head = `POST ${pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  try {
    await send(`${head}${body.slice(0, 1000)}`);
    await wait(pauseMs); // The answer could have come, and a connection that is closed too early is closed.
    await send(body.slice(1000));
    let answer = '';
    socket.on('data', (part) => (answer += part)).resume();
    await once(socket, 'end');
    return answer;
  } finally {
    socket.destroy();
  }

  /** Sends this. @throws Error as the socket fails */
  function send(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('error', reject);
    socket.write(text, (error) => (error ? reject(error) : resolve()));
    return promise;
  }
}
