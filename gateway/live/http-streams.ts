import { SWEEP_MS } from '../identity/session.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import { frameOf } from './frame.ts';
import type { LiveStream } from './live-stream.ts';

/**
 * Subscriptions by server-sent events. Each is ended with UNAUTHENTICATED soon after its token has expired or its
 * session was ended, whether or not anything happens: a socket is closed then (`socket/socket-session.ts`), and an idle
 * stream must not outlive its session either.
 */
export class HttpStreams {
  readonly #open = new Set<LiveStream>();
  readonly #mask: Pick<ErrorMask, 'error'>;
  readonly #sweeping: NodeJS.Timeout;

  constructor(mask: Pick<ErrorMask, 'error'>) {
    this.#mask = mask;
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Looks after a stream until it is over. */
  add(stream: LiveStream): void {
    this.#open.add(stream);
  }

  /** Looks after none any more. */
  stop(): void {
    clearInterval(this.#sweeping);
    this.#open.clear();
  }

  #sweep(): void {
    for (const stream of this.#open) {
      if (!stream.isOver) this.#endIfRefused(stream);
      if (stream.isOver) this.#open.delete(stream);
    }
  }

  #endIfRefused(stream: LiveStream): void {
    const { caller } = stream;
    try {
      caller.actor();
    } catch (error) {
      const refusal = { data: null, errors: [this.#mask.error(error, caller.correlationId)] };
      stream.refuse(frameOf(refusal, () => refusal));
    }
  }
}
