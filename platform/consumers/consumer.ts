/**
 * A consumer applies the log to its agent's state, exactly once by effect: the events of a batch and the consumer's
 * cursor move in ONE transaction. Nothing else decides what has been consumed, so a process may die at any point.
 *
 * Any number of processes may run the same consumer. One of them holds it for the length of a batch, by an advisory
 * lock that ends with the transaction: the next one takes over at once, and an idle poll writes nothing.
 *
 * An event whose handler fails is PARKED, and with it every later event of the same aggregate for this consumer; the
 * others flow. Parked events are retried, oldest first, with backoff; after the last attempt they wait for an
 * operator (parked.ts). An event that only processes of another release handle is parked for them (followed-types.ts).
 *
 * The tail of the log wakes it when there are events for it (log-tail.ts), so an idle consumer does not poll. Work that
 * the tail does not know of is polled for every two seconds, for all consumers of a process at once (backstop.ts).
 */
import type { Kysely, Transaction } from 'kysely';
import { Bell } from '../bell.ts';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { sleep } from '../sleep.ts';
import { openWork } from '../store/store.ts';
import { Fault, isTransient } from '../errors.ts';
import { countPublished } from '../telemetry/business-metrics.ts';
import { count } from '../telemetry/metrics.ts';
import { type Cursor, isAfter } from '../events/cursor.ts';
import { EventCheck } from '../events/event-check.ts';
import { append, type Envelope, type LoggedEvent, readLog } from '../events/event-log.ts';
import { GATHER_MS } from '../events/log-notifier.ts';
import { isSeenBy } from '../events/snapshot.ts';
import { fill } from './backfill.ts';
import { BACKSTOP_MS } from './backstop.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { cursorRow, type CursorRow, moveCursor, register, tryToHold } from './cursor-row.ts';
import { keepFollowedTypes } from './followed-types.ts';
import { causeOf, type EventHandler } from './handler.ts';
import { HandlerFailed, isSwallowed } from './handler-failed.ts';
import { tracedRun } from './handling-spans.ts';
import { attemptParked, keyOf, park, parkedKeys, untilNextAttempt } from './parked.ts';
import { KnownPlace } from './place.ts';
import { type Run, runsOf } from './runs.ts';

/**
 * `busy`: another process holds the consumer. `idle`: read to the end. `more`: read on at once. `filling`: its backfill
 * comes first.
 */
export type Outcome = 'busy' | 'idle' | 'more' | 'filling';

/** Events in a batch; fewer in a careful one, because each savepoint is a transaction id that all snapshots carry. */
const BATCH = 200;
const CAREFUL_BATCH = 50;
/** A batch stops growing after this time: its transaction delays the tail for every reader until it ends. */
const BUDGET_MS = 50;
/** Backoff in milliseconds while another process holds the consumer: at first, and at most. */
const BUSY_MS = { first: 10, most: 250 };
/** Milliseconds before a retry after an infrastructure fault, and after one during the backfill. */
const FAILED_MS = 250;
const NOT_FILLED_MS = 2000;
/** Milliseconds between two attempts at parked events, at least. */
const RETRY_MS = 250;
/** Longest wait while a backstop polls for it, in milliseconds. */
const LOOKED_AFTER_MS = 3_600_000;

/** Reads the log for one agent. */
export class Consumer {
  /** Its name: its agent's, or that of a projection. */
  readonly name: string;
  readonly #o: ConsumerOptions;
  readonly #types: string[];
  readonly #handlers: ReadonlyMap<string, EventHandler>;
  readonly #place: KnownPlace;
  readonly #check: EventCheck;
  /** Time of the next attempt at parked events, by `performance.now()`. At once after the start: it may have some. */
  #retryAt = 0;
  #busyMs = BUSY_MS.first;
  #isIdle = false;
  readonly #bell = new Bell();
  /** Whether it was woken for work that does not gather. */
  #isHurried = false;
  /** Events that handlers have published in the current transaction, not yet appended to the log. */
  #unwritten: Envelope[] = [];
  /** Events published in the current transaction, and the counts of applied, parked and retried ones. */
  #published: Envelope[] = [];
  /** Calls of handlers that wait for the commit, each once. */
  readonly #afterCommit = new Set<() => void>();
  #tally = { applied: 0, parked: 0, recovered: 0, retry_failed: 0 };

  constructor(options: ConsumerOptions) {
    this.#o = options;
    this.name = options.name ?? options.agent;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.type, handler]));
    this.#types = [...this.#handlers.keys()];
    this.#place = new KnownPlace(this.#types);
    this.#check = new EventCheck(options);
  }

  /** Creates the cursor, once for all processes. */
  async register(): Promise<void> {
    const { kysely, begins, backfill, tablesVersion, log } = this.#o;
    const hasBackfill = backfill !== undefined;
    await register(kysely, { consumer: this.name, types: this.#types, begins, hasBackfill, tablesVersion, log });
  }

  /** Runs until aborted. Logs and retries infrastructure faults; handlers' errors park events. @throws any other */
  async run(signal: AbortSignal): Promise<void> {
    const { tail, backstop } = this.#o;
    const joined = tail?.join({
      hear: (stretch) => {
        this.#place.hear(stretch);
        if (this.#isIdle && this.#place.hasNews) this.#bell.ring();
      },
    });
    const { kysely } = this.#o;
    const agent = this.name;
    const isIdle = (): boolean => this.#isIdle;
    const wake = (): void => this.lookAgain();
    const leaveBackstop = backstop?.join({ agent, kysely, types: this.#types, place: this.#place, isIdle, wake });
    try {
      while (!signal.aborted) {
        const pauseMs = await this.#work(signal);
        if (pauseMs === 'idle') await this.#idle(signal);
        else if (pauseMs > 0) await sleep(pauseMs, signal);
      }
    } finally {
      joined?.leave();
      leaveBackstop?.();
    }
  }

  /** Wakes it at once, also for work that the tail does not tell of. */
  lookAgain(): void {
    this.#retryAt = 0;
    this.#isHurried = true;
    this.#bell.ring();
  }

  /** Does the work at hand. Returns the milliseconds until it goes on, or `idle` if it may wait to be woken. */
  async #work(signal: AbortSignal): Promise<number | 'idle'> {
    this.#isHurried = false;
    this.#bell.silence();
    let failedMs = FAILED_MS;
    try {
      const outcome = await this.step();
      if (outcome === 'filling') {
        failedMs = NOT_FILLED_MS;
        // Another process may be filling it.
        return (await this.#fill(signal)) ? 0 : NOT_FILLED_MS;
      }
      if (performance.now() >= this.#retryAt) await this.#retry(signal);
      if (outcome === 'more') return 0;
      this.#busyMs = outcome === 'busy' ? Math.min(this.#busyMs * 2, BUSY_MS.most) : BUSY_MS.first;
      return outcome === 'busy' ? this.#busyMs : 'idle';
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#o.log.warn({ err: error, consumer: this.name }, 'consumer will try again');
      return failedMs;
    }
  }

  async #retry(signal: AbortSignal): Promise<void> {
    while ((await this.retryParked()) === 'more' && !signal.aborted);
    const ms = await untilNextAttempt(this.#o.kysely, { consumer: this.name, types: this.#types });
    // Events that another process has parked are looked for by the backstop, or here where there is none.
    const most = this.#o.backstop ? Infinity : BACKSTOP_MS;
    this.#retryAt = performance.now() + Math.min(Math.max(RETRY_MS, ms), most);
  }

  /** Runs the backfill. True once it is complete. */
  async #fill(signal: AbortSignal): Promise<boolean> {
    const { agent, schema, tablesVersion, kysely, sessions = kysely, signer, backfill } = this.#o;
    const onPublished = (events: readonly Envelope[]): void => this.#tellPublished(events);
    const of = { consumer: this.name, agent, schema, tablesVersion };
    await fill({ ...of, kysely, sessions, signer, backfill, onPublished }, signal);
    return !(await cursorRow(kysely, this.name)).isFilling;
  }

  /** Waits for work, and then gathers, so that one batch takes the events of many commits. */
  async #idle(signal: AbortSignal): Promise<void> {
    if (!this.#place.hasNews) {
      this.#isIdle = true;
      const untilLook = this.#o.backstop ? LOOKED_AFTER_MS : BACKSTOP_MS;
      const untilRetry = Math.max(1, this.#retryAt - performance.now());
      await this.#bell.wait(signal, Math.min(untilLook, untilRetry));
      this.#isIdle = false;
    }
    // The tail has gathered for a while already.
    const gatherMs = (this.#o.gatherMs ?? GATHER_MS) - GATHER_MS;
    if (!this.#isHurried && this.#place.hasNews && gatherMs > 0) await sleep(gatherMs, signal);
  }

  /** One batch. First without savepoints; if an event fails, the batch again with a savepoint for each. */
  async step(): Promise<Outcome> {
    // Events that the tail has told of by now are visible to every read from here on.
    const told = this.#o.tail?.position;
    this.#place.beginBatch();
    try {
      return await this.#holding((transaction) => this.#batch(transaction, told, false));
    } catch (error) {
      if (!(error instanceof HandlerFailed) && !isSwallowed(error)) throw error;
      return await this.#holding((transaction) => this.#batch(transaction, told, true));
    } finally {
      this.#place.endBatch();
    }
  }

  /** Retries the oldest parked event of each aggregate, if due. `more`: some succeeded, their successors are due. */
  async retryParked(): Promise<Outcome> {
    const { log } = this.#o;
    const consumer = this.name;
    return this.#holding(async (transaction) => {
      if (await this.#isOvertaken(transaction)) return 'idle';
      const prepare = (events: readonly LoggedEvent[]) => this.#lock(transaction, events);
      const apply = async (event: LoggedEvent) => {
        const error = await this.#apply(transaction, [event], true);
        this.#tally[error ? 'retry_failed' : 'recovered']++;
        return error;
      };
      const resolved = await attemptParked(transaction, { consumer, types: this.#types }, { prepare, apply }, log);
      return resolved ? 'more' : 'idle';
    });
  }

  async #batch(transaction: Kysely<any>, told: Cursor | undefined, careful: boolean): Promise<Outcome> {
    const { log } = this.#o;
    const consumer = this.name;
    const row = await cursorRow(transaction, consumer);
    if (row.hasRebuild) this.#o.onRebuild?.();
    if (await this.#isOvertaken(transaction, row)) return 'idle';
    const types = await keepFollowedTypes(transaction, { consumer, handled: this.#types, log }, row);
    this.#place.follow(types);
    if (row.isFilling) return 'filling';
    const cursor: Cursor = { xid: row.xid, position: row.position };
    const limit = careful ? CAREFUL_BATCH : BATCH;
    const page = await readLog(transaction, this.#place.from(cursor), { limit, types });
    const outcome: Outcome = page.scanned < limit ? 'idle' : 'more';
    const events = page.events.filter((event) => !wasThereBefore(row, event));
    if (events.length === 0) {
      const end = outcome === 'idle' && told && isAfter(told, page.next) ? told : page.next;
      this.#place.passed(end, page.scanned);
      if (this.#place.isWorthMoving) await this.#move(transaction, cursor, this.#place.known!.at);
      return outcome;
    }
    const last = await this.#applyAll(transaction, events, careful);
    await this.#move(transaction, cursor, last ?? page.next);
    return last ? 'more' : outcome;
  }

  /** Whether a newer release has rebuilt the tables: this one's handlers do not know what they hold. */
  async #isOvertaken(transaction: Kysely<any>, row?: CursorRow): Promise<boolean> {
    const { tablesVersion } = this.#o;
    if (tablesVersion === undefined) return false;
    const { tablesVersion: held } = row ?? (await cursorRow(transaction, this.name));
    return held !== null && held > tablesVersion;
  }

  /** Applies the events in order. Returns the last one applied if the budget ended before the batch did. */
  async #applyAll(
    transaction: Kysely<any>,
    events: readonly LoggedEvent[],
    careful: boolean,
  ): Promise<LoggedEvent | undefined> {
    const started = performance.now();
    const parked = await parkedKeys(transaction, this.name);
    await this.#lock(transaction, events);
    let last: LoggedEvent | undefined;
    const waits = (event: LoggedEvent): boolean => parked.has(keyOf(event)) || !this.#handlers.has(event.type);
    // If careful, each by itself: an event that fails parks those behind it.
    const runs = careful ? events.map((event): Run => [event]) : runsOf(events, this.#handlers, waits);
    for (const [index, run] of runs.entries()) {
      const [event] = run;
      const isWaiting = waits(event);
      const error = isWaiting ? undefined : await this.#apply(transaction, run, careful);
      this.#tally[isWaiting || error ? 'parked' : 'applied'] += run.length;
      if (isWaiting || error) {
        await park(transaction, this.name, event, error, this.#o.log);
        parked.add(keyOf(event));
        this.#retryAt = 0;
      }
      if (performance.now() - started > BUDGET_MS && index < runs.length - 1) {
        last = run.at(-1);
        break;
      }
    }
    await this.#append(transaction).catch((error) => {
      throw isTransient(error) ? error : new HandlerFailed(error);
    });
    return last;
  }

  /** Appends the events published since the last call: those of a batch in one statement, unless it is careful. */
  async #append(transaction: Kysely<any>): Promise<void> {
    const events = this.#unwritten;
    this.#unwritten = [];
    await append(transaction, events, this.#o.signer);
    this.#published.push(...events);
  }

  /** Takes all locks before the first write: see platform/data/locks.ts. */
  async #lock(transaction: Kysely<any>, events: readonly LoggedEvent[]): Promise<void> {
    await lock(
      transaction,
      events.flatMap((event) => this.#handlers.get(event.type)?.locks(event) ?? []),
    );
  }

  /** Applies a run of events: returns its handler's error if careful, throws HandlerFailed otherwise. */
  async #apply(transaction: Kysely<any>, run: Run, careful: boolean): Promise<Error | undefined> {
    const [event] = run;
    const session = openWork({ ...this.#o, transaction, origin: causeOf(event) });
    if (careful) await raw(transaction, 'savepoint event');
    try {
      for (const each of run) await this.#checkSignature(transaction, each);
      await tracedRun(this.name, run, async () => {
        const handler = this.#handlers.get(event.type);
        if (!handler) throw new Fault('NO_HANDLER', `no process handles ${event.type} any more: discard it`);
        await (run.length > 1 ? handler.handleAll!(session.work, run) : handler.handle(session.work, event));
        if (handler.onCommitted) this.#afterCommit.add(handler.onCommitted);
        this.#unwritten.push(...session.events);
      });
      if (careful) {
        await this.#append(transaction);
        await raw(transaction, 'release savepoint event');
      }
      return undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      if (!careful) throw new HandlerFailed(error);
      await raw(transaction, 'rollback to savepoint event');
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Verifies an event's signature. @throws Fault SIGNATURE: the event is parked for an operator to investigate */
  async #checkSignature(transaction: Kysely<any>, event: LoggedEvent): Promise<void> {
    if (await this.#check.isGenuine(transaction, event, this.name)) return;
    throw new Fault('SIGNATURE', `SIGNATURE: not signed by ${event.source}, or changed since, or its key is missing`);
  }

  async #move(transaction: Kysely<any>, from: Cursor, to: Cursor): Promise<void> {
    await moveCursor(transaction, this.name, from, to);
    this.#place.moved({ xid: to.xid, position: to.position });
  }

  async #holding(work: (transaction: Transaction<any>) => Promise<Outcome>): Promise<Outcome> {
    this.#published = [];
    this.#tally = { applied: 0, parked: 0, recovered: 0, retry_failed: 0 };
    this.#unwritten = [];
    this.#afterCommit.clear();
    const outcome = await this.#o.kysely.transaction().execute(async (transaction) => {
      return (await tryToHold(transaction, this.name)) ? work(transaction) : 'busy';
    });
    this.#tell();
    return outcome;
  }

  /** Counts and notifies after the commit, so that nothing rolled back is told. */
  #tell(): void {
    for (const [outcome, events] of Object.entries(this.#tally))
      if (events > 0) count('agora_consumer_events_total', { consumer: this.name, outcome }, events);
    this.#tellPublished(this.#published);
    for (const call of this.#afterCommit) call();
  }

  #tellPublished(events: readonly Envelope[]): void {
    if (events.length === 0) return;
    this.#o.notifier.notify(events.map(({ type }) => type));
    events.forEach(countPublished);
  }
}

/** Whether an event was committed before the consumer began. */
const wasThereBefore = ({ begunAfter }: CursorRow, { xid }: LoggedEvent): boolean =>
  begunAfter !== null && isSeenBy(begunAfter, xid);
