/**
 * Live reading of the log for subscriptions, from a client's resume token on, without loss or repeats. All subscribers
 * share the tail of the log (log-tail.ts); a subscriber that resumes from an old cursor first reads the pages that it
 * missed by itself, and then joins the others.
 */
import type { Kysely } from 'kysely';
import { GraphQLError } from 'graphql';
import type { Logger } from '../log.ts';
import type { LogNotifier } from './log-notifier.ts';
import { LogTail } from './log-tail.ts';
import { type Cursor, decodeCursor, encodeCursor, isAfter, START } from './cursor.ts';
import type { EventCheck } from './event-check.ts';
import { horizon, type LoggedEvent, logIdentity, readAggregate, readLog, whyExpired } from './event-log.ts';

/** A subscription to the log: event types, start cursor and end. */
export interface Interest {
  types: readonly string[];
  /** Only this aggregate: then, without `after`, from its first event. */
  aggregateId?: string;
  /** The client's resume token. @default from now on */
  after?: string | null;
  /** Whether nothing more will come: then the stream ends with what the log has. @default false */
  isOver?: boolean;
  /** Called with the start cursor of a subscription that begins now. */
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
/** Queue limit per subscriber (back-pressure): a slower one is cut off, and may resume from its cursor. */
const MAX_WAITING = 5000;

/** Live event streams for all subscribers of this process. */
export class LiveLog {
  /** The tail that subscribers share with the consumers of this process. */
  readonly tail: LogTail;
  readonly #kysely: Kysely<any>;
  readonly #check: EventCheck | undefined;
  /** What the check has found, once for all subscribers that the tail gives an event. */
  readonly #genuine = new WeakMap<LoggedEvent, Promise<boolean>>();
  #generation = '';

  /** Without a check every event is streamed: for tests. */
  constructor(options: { kysely: Kysely<any>; notifier: LogNotifier; log: Logger; check?: EventCheck }) {
    this.#kysely = options.kysely;
    this.#check = options.check;
    this.tail = new LogTail(options);
  }

  /** Follows the log until aborted. Without a subscriber nothing is read. */
  run(signal: AbortSignal): Promise<void> {
    return this.tail.run(signal);
  }

  /**
   * Streams the events of a subscription from its resume token on, but for those that their senders did not sign.
   * @throws GraphQLError CURSOR_EXPIRED, BAD_USER_INPUT
   */
  follow(interest: Interest): AsyncGenerator<LiveEvent, void, void> {
    const leaving = new AbortController();
    const events = this.#follow({ ...interest, signal: AbortSignal.any([interest.signal, leaving.signal]) });
    const end = events.return.bind(events);
    // Abort first: a generator that waits for an event keeps `return` waiting too, and stays joined to the tail.
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
    const hear = ({ events }: { events: readonly LoggedEvent[] }): void => {
      // Stop queuing for a subscriber that is over the limit: it is ended below with SLOW_CONSUMER.
      if (queue.length <= MAX_WAITING) queue.push(...events.filter((event) => isWanted(event, interest)));
      wake?.();
    };
    let cursor = await this.#startOf(interest);
    if (interest.after == null && !interest.aggregateId) interest.onBegin?.(encodeCursor(cursor, this.#generation));
    interest.signal.addEventListener('abort', stop, { once: true });
    const { begun, leave } = this.tail.join({ wants: interest.types, hear });
    try {
      await begun;
      // Catch up with events from before the join; those that the tail repeats are skipped by their cursor.
      for await (const event of this.#missed(cursor, interest)) {
        cursor = event;
        if (await this.#isGenuine(event)) yield { event, cursor: encodeCursor(event, this.#generation) };
      }
      while (!interest.signal.aborted && !interest.isOver) {
        if (queue.length > MAX_WAITING) throw tooSlow();
        const event = queue.shift();
        if (!event) {
          await new Promise<void>((resolve) => (wake = resolve));
          wake = undefined;
        } else if (isAfter(event, cursor)) {
          cursor = event;
          if (await this.#isGenuine(event)) yield { event, cursor: encodeCursor(event, this.#generation) };
        }
      }
    } finally {
      leave();
      interest.signal.removeEventListener('abort', stop);
    }
  }

  #isGenuine(event: LoggedEvent): Promise<boolean> {
    if (!this.#check) return Promise.resolve(true);
    const known = this.#genuine.get(event);
    if (known) return known;
    const found = this.#check.isGenuine(this.#kysely, event, 'live updates');
    this.#genuine.set(event, found);
    return found;
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
    // Asked each time, since retention drops old partitions while a process lives.
    const why = whyExpired(cursor, await logIdentity(this.#kysely));
    if (why) throw expired(why);
    return cursor;
  }

  async #identify(): Promise<void> {
    if (this.#generation) return;
    this.#generation = (await logIdentity(this.#kysely)).generation;
  }
}

const isWanted = (event: LoggedEvent, { types, aggregateId }: Interest): boolean =>
  types.includes(event.type) && (!aggregateId || event.aggregateId === aggregateId);

const expired = (why: string): GraphQLError =>
  new GraphQLError(`The cursor ${why}: load the current state and subscribe without \`after\`.`, {
    extensions: { code: 'CURSOR_EXPIRED' },
  });

const tooSlow = (): GraphQLError =>
  new GraphQLError('This subscriber is too slow for its events: subscribe again with `after`.', {
    extensions: { code: 'SLOW_CONSUMER' },
  });
