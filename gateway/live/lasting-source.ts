/**
 * The source of a group: the events of an agent's subscription, which outlives the agent's processes and connections.
 */
import type { ExecutionResult } from 'graphql';
import { isTransient } from '../../platform/errors.ts';
import { beginningIn } from '../../platform/wire/beginning.ts';
import type { OpenSubscription } from '../execution/subscriptions.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';

/** One connection of the source. Without `join`, which belongs to a graph version that may have gone. */
export type Source = Pick<OpenSubscription, 'events' | 'cursorOf' | 'isResumable'>;

/** How a source starts and reconnects. */
export interface LastingOptions {
  /** The cursor behind which the first connection was opened; null: behind none. */
  start: string | null;
  /**
   * Opens another connection behind this cursor; undefined if no subscriber waits for it any more. @throws if it cannot
   * be opened now
   */
  reopen(after: string): Promise<Source | undefined>;
  /** How long reconnecting is tried, in milliseconds. */
  patienceMs: number | undefined;
  /** Aborts when no subscriber is left. */
  signal: AbortSignal;
}

/**
 * One connection after the other: where one breaks off, the next resumes behind the last event that was told, or at the
 * start cursor. A source whose events have no cursors lasts as long as its connection.
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

  /** The cursor of an event in the log. */
  cursorOf(event: ExecutionResult): string | undefined {
    return this.#current.cursorOf(event);
  }

  /** Marks the event of this cursor as told: nothing up to it comes again. */
  told(cursor: string | undefined): void {
    this.#at = cursor ?? this.#at;
    this.#reconnect.renew();
  }

  /** The next event. @throws the error that broke the source off, if it cannot go on */
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

  /** Not awaited: a source that waits for an event ends in its own time, and nothing reads it any more. */
  end(): void {
    Promise.resolve(this.#current.events.return?.()).catch(() => {});
  }
}

const DONE = { done: true, value: undefined } as const;

/**
 * The failure of a source, if this result is one. In process a source throws; over the wire its failure is an error
 * without data, and without a path, which the error of a field has.
 */
function breakIn({ data, errors }: ExecutionResult): Error | undefined {
  const [error] = errors ?? [];
  if (!error || data || error.path || !isTransient(error.originalError)) return undefined;
  return error.originalError;
}
