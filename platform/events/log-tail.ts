/**
 * The tail of the log: one reader a process that follows the log's end and tells all its consumers and subscribers what
 * has come. A consumer is told of which types there are new events, and is not woken for others; a subscriber is given
 * the events. While nobody has joined, nothing is read.
 */
import type { Kysely } from 'kysely';
import type { Logger } from '../log.ts';
import type { Cursor } from './cursor.ts';
import { horizon, type LoggedEvent, readTail } from './event-log.ts';
import type { LogNotifier } from './log-notifier.ts';

/** A part of the log that the tail has read: everything behind `from` up to `to`. */
export interface Stretch {
  from: Cursor;
  to: Cursor;
  /** Events in it. */
  scanned: number;
  /** Their types. */
  types: ReadonlySet<string>;
  /** Those that some reader wants whole. */
  events: readonly LoggedEvent[];
}

/** A reader that the tail tells of what has come. */
export interface TailReader {
  /** The types whose events it wants whole. @default it is told of types alone */
  readonly wants?: readonly string[];
  hear(stretch: Stretch): void;
}

/** Rows that are read at once. */
const PAGE = 500;

/** The end of the log, followed for all readers of this process. */
export class LogTail {
  readonly #kysely: Kysely<any>;
  readonly #notifier: LogNotifier;
  readonly #log: Logger;
  readonly #readers = new Set<TailReader>();
  /** Where the tail is. Set by the first reader, then moved by `run`. */
  #at: Promise<Cursor> | undefined;
  #position: Cursor | undefined;

  constructor(options: { kysely: Kysely<any>; notifier: LogNotifier; log: Logger }) {
    this.#kysely = options.kysely;
    this.#notifier = options.notifier;
    this.#log = options.log;
  }

  /** Up to where everything was told to those who had joined. Undefined before the first read. */
  get position(): Cursor | undefined {
    return this.#position;
  }

  /**
   * Joins a reader: what is written from now on is told to it. `begun` resolves when that is so. Call `leave` when it
   * wants to hear no more.
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
    // It is told to those who wait for it, and `run` begins again.
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
    // All left meanwhile, and the next one who came has begun the tail anew.
    if (this.#at !== begun) return PAGE;
    // A reader that joined meanwhile wants events that were not asked for: they are read again.
    for (const { wants = [] } of this.#readers) if (wants.some((type) => !asked.has(type))) return PAGE;
    this.#at = Promise.resolve(next);
    this.#position = next;
    if (scanned > 0) for (const reader of this.#readers) reader.hear({ from, to: next, scanned, types, events });
    return scanned;
  }
}
