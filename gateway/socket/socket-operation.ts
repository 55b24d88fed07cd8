import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { LiveStream, type Sink } from '../live/live-stream.ts';
import type { Caller } from '../identity/session.ts';

/**
 * One operation of a socket, from the message that asks for it on. Its stream is what graphql-ws ends when the client
 * says `complete` or goes: with it ends all that is under way, whether that has results already or not.
 */
export class SocketOperation {
  /** As the one who asks, who is gone when the operation is not wanted any more. */
  readonly caller: Caller;
  readonly sink: Sink;
  readonly stream: LiveStream;
  /** Resolves when nobody waits for it any more. */
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
