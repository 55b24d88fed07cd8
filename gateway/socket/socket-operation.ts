import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { LiveStream, type Sink } from '../live/live-stream.ts';
import type { Caller } from '../identity/session.ts';

/**
 * One operation of a socket, from its `subscribe` message on. graphql-ws ends its stream when the client says
 * `complete` or goes: that ends all that is under way, whether there are results yet or not.
 */
export class SocketOperation {
  /** The socket's caller, whose signal aborts when the operation is not wanted any more. */
  readonly caller: Caller;
  readonly sink: Sink;
  readonly stream: LiveStream;
  /** Resolves when the client does not wait for it any more. */
  readonly over: Promise<undefined>;

  constructor(caller: Caller, sink: Sink) {
    const leaving = new AbortController();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.caller = { ...caller, signal: leaving.signal };
    this.sink = sink;
    this.over = promise;
    this.stream = new LiveStream(caller, ANONYMOUS);
    this.stream.pipe(sink);
    this.stream.whenOver(() => {
      leaving.abort();
      resolve(undefined);
    });
  }
}
