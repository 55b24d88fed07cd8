/**
 * graphql-ws on one socket of `ws`, in place of its own `use/ws`: that prints clients' mistakes, closes with 4500 for a
 * message that only servers send, and answers a client's pings however few of the answers it reads.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { CloseCode, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Logger } from '../../platform/log.ts';
import { closeSlow, isFull } from '../live/socket-queue.ts';

/** Interval of pings; a connection that did not answer the last one is ended. Milliseconds. */
const KEEP_ALIVE_MS = 12_000;

/** Our parts of a socket, as hooks find them in `extra`. */
export interface SocketExtra {
  socket: WebSocket;
  request: IncomingMessage;
}

/** Speaks the protocol on a socket until it closes. */
export function speak(
  server: Server<SocketExtra>,
  { socket, request }: SocketExtra,
  log: Pick<Logger, 'debug' | 'error'>,
): void {
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (text) => sent(socket, text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (hear) => {
        socket.on('message', (data, isBinary) => {
          if (isFull(socket)) return closeSlow(socket);
          // `ws` has checked text frames. A binary frame that is no UTF-8 would be read as something else.
          if (isBinary && !isUtf8(data as Buffer)) return socket.close(CloseCode.BadRequest, 'Send text in UTF-8');
          hear(String(data)).catch((error: unknown) => fail(socket, error, log));
        });
      },
    },
    { socket, request },
  );
  // The pong, which ws sends by itself, waits in the queue like all other messages.
  socket.on('ping', () => isFull(socket) && closeSlow(socket));
  // A frame that breaks the protocol is the client's mistake, and ws closes for it.
  socket.on('error', (error) => log.debug({ err: error }, 'a bad frame'));
  const stop = keepAlive(socket);
  socket.once('close', (code, reason) => {
    stop();
    void closed(code, String(reason));
  });
}

/** Resolves when it is sent, or never can be. */
const sent = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState === socket.OPEN) socket.send(text, () => resolve());
    else resolve();
  });

function fail(socket: WebSocket, error: unknown, log: Pick<Logger, 'error'>): void {
  // graphql-ws's error for a message that clients do not send.
  if (error instanceof Error && error.message.startsWith('Unexpected message of type'))
    return socket.close(CloseCode.BadRequest, 'Invalid message received');
  log.error({ err: error }, 'a message of a socket could not be handled');
  socket.close(CloseCode.InternalServerError, 'Internal server error');
}

/** Ends a connection whose other end is gone without a close. Returns a function that stops that. */
function keepAlive(socket: WebSocket): () => void {
  let isThere = true;
  socket.on('pong', () => (isThere = true));
  const timer = setInterval(() => {
    if (socket.readyState !== socket.OPEN) return;
    if (!isThere) return socket.terminate();
    isThere = false;
    socket.ping();
  }, KEEP_ALIVE_MS).unref();
  return () => clearInterval(timer);
}
