import type { Duplex } from 'node:stream';

/**
 * Time that a client has to read the answer of a connection that ends and to close its side, in milliseconds. What it
 * sends meanwhile is read and dropped.
 */
export const FAREWELL_MS = 1000;

/**
 * Answers on a connection that no HTTP server looks after any more, in JSON like all others, and closes it. A client
 * that does not close its side is cut off after a moment: there is no timeout on such a connection, so it could be held
 * for ever.
 * @param status code and reason, such as `400 Bad Request`
 */
export function answerAndClose(socket: Duplex, status: string, error: { code: string; message: string }): void {
  const body = JSON.stringify({ error });
  socket.on('error', () => {}); // A client that resets the connection must not end the process.
  const cutOff = setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  socket.once('close', () => clearTimeout(cutOff));
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  );
}
