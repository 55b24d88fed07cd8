import type { WebSocket } from 'ws';
import type { Sink } from './live-stream.ts';

/** Most messages queued for one socket. */
const MAX_WAITING = 1000;
/** Most bytes queued for one socket. One message may be larger, if none waits before it. */
const MAX_BYTES = 1024 * 1024;
/** Time that a slow socket has to read its close, in milliseconds. */
const FAREWELL_MS = 5000;

/** Close code for a client that reads slower than events come. */
export const SLOW_CONSUMER = 4408;

/** The queue of messages to one socket, for all its subscriptions together: bounded, by number and by bytes. */
export class SocketQueue {
  readonly #socket: WebSocket;
  #waiting = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** The sink of one operation: wraps the shared text of a frame into the message that graphql-ws would make. */
  sinkOf(id: string): Sink {
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    const isBehind = (): boolean => this.#waiting > MAX_WAITING / 4 || this.#socket.bufferedAmount > MAX_BYTES / 4;
    return {
      take: (frame) => this.#send(`${head}${frame.json}}`),
      get isBehind() {
        return isBehind();
      },
    };
  }

  #send(message: string): boolean {
    const socket = this.#socket;
    // It closes: the frame is lost, and a client that comes back asks for it again.
    if (socket.readyState !== socket.OPEN) return true;
    if (this.#waiting >= MAX_WAITING || isFull(socket)) {
      closeSlow(socket);
      return false;
    }
    this.#waiting += 1;
    socket.send(message, TEXT, this.#sent);
    return true;
  }

  readonly #sent = (): void => {
    this.#waiting -= 1;
  };
}

/** Whether more bytes are queued for a socket than is allowed. */
export const isFull = ({ bufferedAmount }: Pick<WebSocket, 'bufferedAmount'>): boolean => bufferedAmount > MAX_BYTES;

/** Closes a socket whose client does not read. */
export function closeSlow(socket: WebSocket): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(SLOW_CONSUMER, 'Slow consumer');
  // The queue is sent before the close, so a client that does not read at all would never hear of it.
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
}

const TEXT = { binary: false };
