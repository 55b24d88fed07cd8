/**
 * The tail of the log: one reader per process that follows the log's end for all its consumers and subscribers. A
 * consumer is told the types of new events, and is not woken for others; a subscriber is given the events. Without
 * readers nothing is read.
 */
import type { Kysely } from 'kysely';
import type { Logger } from '../log.ts';
import type { Cursor } from './cursor.ts';
import { horizon, type LoggedEvent, readTail } from './event-log.ts';
import type { LogNotifier } from './log-notifier.ts';

/** A stretch of the log that the tail has read: all events after `from` up to `to`. */
export interface Stretch {
  from: Cursor;
  to: Cursor;
  /** Events in it. */
  scanned: number;
  /** Their types. */
  types: ReadonlySet<string>;
  /** The events that some reader wants whole. */
  events: readonly LoggedEvent[];
}

/** A reader that joins the tail. */
export interface TailReader {
  /** Event types that it wants whole. @default none: it is told the types alone */
  readonly wants?: readonly string[];
  hear(stretch: Stretch): void;
}

/** Rows per read. */
const PAGE = 500;

/** Follows the end of the log for all readers of this process. */
export class LogTail {
  readonly #kysely: Kysely<any>;
  readonly #notifier: LogNotifier;
  readonly #log: Logger;
  readonly #readers = new Set<TailReader>();
  /** The tail's cursor. Set by the first reader, then moved by `run`. */
  #at: Promise<Cursor> | undefined;
  #position: Cursor | undefined;

  constructor(options: { kysely: Kysely<any>; notifier: LogNotifier; log: Logger }) {
    this.#kysely = options.kysely;
    this.#notifier = options.notifier;
    this.#log = options.log;
  }

  /** The cursor up to which all joined readers were told. Undefined before the first read. */
  get position(): Cursor | undefined {
    return this.#position;
  }

  /**
   * Joins a reader, which is told of events from now on, as soon as `begun` resolves. Call `leave` to end it.
   */
  join(reader: TailReader): { begun: Promise<unknown>; leave(): void } {
    if (this.#readers.size === 0) this.#begin();
    this.#readers.add(reader);
    return { begun: this.#at!, leave: () => void this.#readers.delete(reader) };
  }

  /** Follows the log until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const waiter = this.#notifier.listen();
    while (!signal.aborted) {
      let scanned = 0;
      try {
        if (this.#readers.size > 0) scanned = await this.#advance();
      } catch (error) {
        this.#log.warn({ err: error }, 'the tail of the log will be read again');
      }
      if (scanned < PAGE) await waiter.idle(signal);
    }
    waiter.close();
  }

  #begin(): void {
    this.#position = undefined;
    this.#at = horizon(this.#kysely);
    // Readers get this error by awaiting `begun`, and `run` begins again.
    this.#at.catch(() => {});
  }

  async #advance(): Promise<number> {
    const begun = this.#at!;
    const from = await begun.catch((error: unknown) => {
      if (this.#at === begun) this.#begin();
      throw error;
    });
    const asked = new Set([...this.#readers].flatMap(({ wants = [] }) => wants));
    const { events, next, scanned, types } = await readTail(this.#kysely, from, { limit: PAGE, types: [...asked] });
    // All readers left meanwhile, and a new one has begun the tail anew.
    if (this.#at !== begun) return PAGE;
    // A reader that joined meanwhile wants other types: the stretch is read again.
    for (const { wants = [] } of this.#readers) if (wants.some((type) => !asked.has(type))) return PAGE;
    this.#at = Promise.resolve(next);
    this.#position = next;
    if (scanned > 0) for (const reader of this.#readers) reader.hear({ from, to: next, scanned, types, events });
    return scanned;
  }
}
