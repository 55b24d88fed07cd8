/**
 * Live reading of the log, for subscriptions: from a client's cursor on, without loss and without repeats. One reader a
 * process follows the end of the log for all subscribers; a subscriber that comes back with an old cursor reads the
 * pages that it missed by itself, and then joins the others.
 */
import type { Kysely } from 'kysely';
import { GraphQLError } from 'graphql';
import type { Logger } from '../log.ts';
import type { LogNotifier } from './log-notifier.ts';
import { type Cursor, decodeCursor, encodeCursor, START } from './cursor.ts';
import { horizon, type LoggedEvent, logIdentity, readAggregate, readLog } from './event-log.ts';

/** What a subscription wants to hear. */
export interface Interest {
  types: readonly string[];
  /** Only this aggregate: then, without `after`, from its first event. */
  aggregateId?: string;
  /** A cursor that the client had before. Without one: from now on. */
  after?: string | null;
  /** Told the cursor of where it begins, if that is now. */
  onBegin?: (cursor: string) => void;
  /** Ends the reading. */
  signal: AbortSignal;
}

/** An event and the cursor that a client resumes from. */
export interface LiveEvent {
  event: LoggedEvent;
  cursor: string;
}

const PAGE = 500;
/** Events that wait for one subscriber, at most: a slower one is cut off and comes back with its cursor. */
const MAX_WAITING = 5000;

/** The end of the log, followed for all subscribers of this process. */
export class LiveLog {
  readonly #kysely: Kysely<any>;
  readonly #notifier: LogNotifier;
  readonly #log: Logger;
  readonly #followers = new Set<(page: readonly LoggedEvent[]) => void>();
  /** Where the followed tail is. Set by the first follower, then moved by `run`. */
  #at: Promise<Cursor> | undefined;
  #generation = '';

  constructor(options: { kysely: Kysely<any>; notifier: LogNotifier; log: Logger }) {
    this.#kysely = options.kysely;
    this.#notifier = options.notifier;
    this.#log = options.log;
  }

  /** Follows the log until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const waiter = this.#notifier.listen();
    while (!signal.aborted) {
      let scanned = 0;
      try {
        await this.#identify();
        // With nobody to tell, the end is looked up when the next one comes: an idle process reads nothing.
        if (this.#followers.size > 0) scanned = await this.#advance();
      } catch (error) {
        this.#log.warn({ err: error }, 'live log will try again');
      }
      if (scanned < PAGE) await waiter.idle(signal);
    }
    waiter.close();
  }

  /** The events that a subscriber wants, from where it left off. @throws GraphQLError CURSOR_EXPIRED, BAD_USER_INPUT */
  follow(interest: Interest): AsyncGenerator<LiveEvent, void, void> {
    const leaving = new AbortController();
    const events = this.#follow({ ...interest, signal: AbortSignal.any([interest.signal, leaving.signal]) });
    const end = events.return.bind(events);
    // A generator that waits for an event would keep `return` waiting for it too, and its place among the followers.
    events.return = (value) => {
      leaving.abort();
      return end(value);
    };
    return events;
  }

  async *#follow(interest: Interest): AsyncGenerator<LiveEvent, void, void> {
    await this.#identify();
    const queue: LoggedEvent[] = [];
    let wake: (() => void) | undefined;
    const stop = (): void => wake?.();
    const hear = (page: readonly LoggedEvent[]): void => {
      // Whoever has more than that waiting is lost (below): his queue must not grow until he notices.
      if (queue.length <= MAX_WAITING) queue.push(...page.filter((event) => isWanted(event, interest)));
      wake?.();
    };
    let cursor = await this.#startOf(interest);
    if (interest.after == null && !interest.aggregateId) interest.onBegin?.(encodeCursor(cursor, this.#generation));
    interest.signal.addEventListener('abort', stop, { once: true });
    // Both before anything is awaited: two who join at once must agree on where the tail begins.
    if (this.#followers.size === 0) this.#at = horizon(this.#kysely);
    this.#followers.add(hear);
    try {
      await this.#at;
      // What came before we joined. Whatever the followed tail brings twice is left out by its place in the log.
      for await (const event of this.#missed(cursor, interest)) {
        cursor = event;
        yield { event, cursor: encodeCursor(event, this.#generation) };
      }
      while (!interest.signal.aborted) {
        if (queue.length > MAX_WAITING) throw tooSlow();
        const event = queue.shift();
        if (!event) {
          await new Promise<void>((resolve) => (wake = resolve));
          wake = undefined;
        } else if (isAfter(event, cursor)) {
          cursor = event;
          yield { event, cursor: encodeCursor(event, this.#generation) };
        }
      }
    } finally {
      this.#followers.delete(hear);
      interest.signal.removeEventListener('abort', stop);
    }
  }

  async #advance(): Promise<number> {
    const from = this.#at!;
    const page = await readLog(this.#kysely, await from, { limit: PAGE });
    // Everybody left meanwhile, and who came then has begun the tail anew.
    if (this.#at !== from) return PAGE;
    this.#at = Promise.resolve(page.next);
    if (page.scanned > 0) for (const follower of this.#followers) follower(page.events);
    return page.scanned;
  }

  async *#missed(from: Cursor, interest: Interest): AsyncGenerator<LoggedEvent> {
    let cursor = from;
    while (!interest.signal.aborted) {
      if (interest.aggregateId) {
        const events = await readAggregate(this.#kysely, interest.aggregateId, cursor, PAGE);
        yield* events.filter((event) => isWanted(event, interest));
        if (events.length < PAGE) return;
        cursor = events.at(-1)!;
      } else {
        const page = await readLog(this.#kysely, cursor, { limit: PAGE, types: interest.types });
        yield* page.events;
        if (page.scanned < PAGE) return;
        cursor = page.next;
      }
    }
  }

  async #startOf({ after, aggregateId }: Interest): Promise<Cursor> {
    if (after == null) return aggregateId ? START : horizon(this.#kysely);
    const cursor = decodeCursor(after);
    if (!cursor)
      throw new GraphQLError('`after` is not a cursor of a live update.', { extensions: { code: 'BAD_USER_INPUT' } });
    // Asked each time: what the log still holds changes while a process lives.
    const { generation, oldestXid } = await logIdentity(this.#kysely);
    if (cursor.generation !== generation || BigInt(cursor.xid) < BigInt(oldestXid)) {
      throw new GraphQLError(
        'The cursor is older than the log: load the current state and subscribe without `after`.',
        {
          extensions: { code: 'CURSOR_EXPIRED' },
        },
      );
    }
    return cursor;
  }

  async #identify(): Promise<void> {
    if (this.#generation) return;
    this.#generation = (await logIdentity(this.#kysely)).generation;
  }
}

const isWanted = (event: LoggedEvent, { types, aggregateId }: Interest): boolean =>
  types.includes(event.type) && (!aggregateId || event.aggregateId === aggregateId);

const isAfter = (a: Cursor, b: Cursor): boolean =>
  a.xid === b.xid ? BigInt(a.position) > BigInt(b.position) : BigInt(a.xid) > BigInt(b.xid);

const tooSlow = (): GraphQLError =>
  new GraphQLError('This subscriber is too slow for its events: subscribe again with `after`.', {
    extensions: { code: 'SLOW_CONSUMER' },
  });
