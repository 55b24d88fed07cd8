/** What a group reads: the events of an agent's subscription, which outlives the agent's processes and connections. */
import type { ExecutionResult } from 'graphql';
import { isTransient } from '../../platform/errors.ts';
import { beginningIn } from '../../platform/wire/beginning.ts';
import type { OpenSubscription } from '../execution/subscriptions.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';

/** One of its parts. Without `join`: that of a graph version which may have gone. */
export type Source = Pick<OpenSubscription, 'events' | 'cursorOf' | 'isResumable'>;

/** How a source goes on. */
export interface LastingOptions {
  /** The cursor behind which the first one was opened; null: it was not. */
  start: string | null;
  /** Opens another behind this cursor; undefined if nobody waits for it any more. @throws if it cannot be opened now */
  reopen(after: string): Promise<Source | undefined>;
  /** How long that is tried, in milliseconds. */
  patienceMs: number | undefined;
  /** Aborts when nobody reads any more. */
  signal: AbortSignal;
}

/**
 * One source after the other: where one breaks off, the next begins behind what was told last, or where the first did. One
 * whose events have no cursors is as good as its connection.
 */
export class LastingSource {
  readonly #o: LastingOptions;
  readonly #reconnect: ReconnectPolicy;
  #current: Source;
  #at: string | null;

  constructor(first: Source, options: LastingOptions) {
    this.#o = options;
    this.#reconnect = new ReconnectPolicy(options.patienceMs);
    this.#current = first;
    this.#at = options.start;
  }

  /** Where an event is in the log. */
  cursorOf(event: ExecutionResult): string | undefined {
    return this.#current.cursorOf(event);
  }

  /** The event of this cursor was told: nothing up to it comes again. */
  told(cursor: string | undefined): void {
    this.#at = cursor ?? this.#at;
    this.#reconnect.renew();
  }

  /** The next event. @throws what broke it off, if it cannot go on */
  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    for (;;) {
      try {
        const { value, done } = await this.#current.events.next();
        if (done) return DONE;
        const began = beginningIn(value);
        if (began !== undefined) {
          this.#at ??= began;
          continue;
        }
        const broken = breakIn(value);
        if (!broken) return { done: false, value };
        throw broken;
      } catch (error) {
        const { signal, reopen } = this.#o;
        const after = this.#at;
        if (signal.aborted || after === null || !this.#current.isResumable) throw error;
        this.end();
        const next = await this.#reconnect.until(() => reopen(after), error, signal);
        if (!next) return DONE;
        this.#current = next;
        if (signal.aborted) this.end();
      }
    }
  }

  /** Not awaited: a source that waits for an event ends in its own time, and nobody listens any more. */
  end(): void {
    Promise.resolve(this.#current.events.return?.()).catch(() => {});
  }
}

const DONE = { done: true, value: undefined } as const;

/**
 * That a source has failed, if this says so. In process it throws; over the wire that is an error without data, and
 * without a path, which the error of a field has.
 */
function breakIn({ data, errors }: ExecutionResult): Error | undefined {
  const [error] = errors ?? [];
  if (!error || data || error.path || !isTransient(error.originalError)) return undefined;
  return error.originalError;
}
