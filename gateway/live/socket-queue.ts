import type { WebSocket } from 'ws';
import type { Sink } from './live-stream.ts';

/** Messages that wait for one socket, at most. */
const MAX_WAITING = 1000;
/** Bytes that wait for one socket, at most. One message may be larger, if nothing waits before it. */
const MAX_BYTES = 1024 * 1024;
/** How long a socket that is too slow may take to read that it is closed, in milliseconds. */
const FAREWELL_MS = 5000;

/** The close code for a client that reads slower than things happen. */
export const SLOW_CONSUMER = 4408;

/** What waits to be sent to one socket, for all its subscriptions together: bounded, by number and by bytes. */
export class SocketQueue {
  readonly #socket: WebSocket;
  #waiting = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Where the frames of one operation go: as the message that graphql-ws would make, around text that all share. */
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
    // It closes: what else is said is lost, and whoever comes back asks for it.
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

/** Whether more waits for a socket than is kept. */
export const isFull = ({ bufferedAmount }: Pick<WebSocket, 'bufferedAmount'>): boolean => bufferedAmount > MAX_BYTES;

/** Closes a socket whose client does not read. */
export function closeSlow(socket: WebSocket): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(SLOW_CONSUMER, 'Slow consumer');
  // What waits stands before the close, so a client that does not read at all would never hear of it.
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref();
}

const TEXT = { binary: false };
