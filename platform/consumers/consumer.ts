/**
 * A consumer applies the log to its agent's state, exactly once by effect: the events of a batch and the consumer's
 * cursor move in ONE transaction. Nothing else decides what has been consumed, so a process may die at any point.
 *
 * Any number of processes may run the same consumer. One of them holds it for the length of a batch, by an advisory
 * lock that ends with the transaction: the next one takes over at once, and an idle poll writes nothing.
 *
 * An event whose handler fails is PARKED, and with it every later event of the same aggregate for this consumer; the
 * others flow. Parked events are tried again, oldest first, with backoff; after the last attempt they wait for an
 * operator (parked.ts).
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Kysely, Transaction } from 'kysely';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { openWork } from '../store/store.ts';
import { Fault, isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import { countPublished } from '../telemetry/business-metrics.ts';
import { count } from '../telemetry/metrics.ts';
import { traced } from '../telemetry/tracing.ts';
import type { LogNotifier } from '../events/log-notifier.ts';
import { type Cursor, isSame, START } from '../events/cursor.ts';
import { append, type Envelope, type LoggedEvent, logIdentity, readLog } from '../events/event-log.ts';
import { attemptParked, keyOf, park, parkedKeys } from './parked.ts';
import type { EventHandler } from './handler.ts';
import type { EventSigner } from '../events/signing.ts';

/** `busy`: another process holds the consumer. `idle`: read to the end. `more`: look again at once. */
export type Outcome = 'busy' | 'idle' | 'more';

/** What a consumer needs to run. */
export interface ConsumerOptions {
  /** The agent: the consumer's name and its schema. */
  agent: string;
  kysely: Kysely<any>;
  orm: MikroORM;
  notifier: LogNotifier;
  log: Logger;
  handlers: readonly EventHandler[];
  /** Checks what is read, and signs what the handlers publish. Without it nothing is checked: for tests. */
  signer?: EventSigner;
}

/** Events in one batch; in a careful one fewer, because each savepoint is a transaction id that all snapshots carry. */
const BATCH = 200;
const CAREFUL_BATCH = 50;
/** A batch stops growing after this time: its transaction delays the tail for every reader until it ends. */
const BUDGET_MS = 50;
/** Rows passed over without interest before the cursor is moved for them alone. */
const SKIP_LIMIT = 2000;

/** One agent's reading of the log. */
export class Consumer {
  readonly #o: ConsumerOptions;
  readonly #types: string[];
  readonly #handlers: ReadonlyMap<string, EventHandler>;
  /** Past `at` there was nothing for us when the stored cursor was `base`: not worth a write of its own. */
  #skipped: { base: Cursor; at: Cursor; rows: number } | undefined;
  #mayHaveParked = true;
  /** What older transactions wrote may be without a signature. */
  #signedFrom: bigint | undefined;
  /** What the handlers have published and the log does not have yet, in the transaction in hand. */
  #unwritten: Envelope[] = [];
  /** What it publishes, and how many events it applied, set aside or tried again. */
  #published: Envelope[] = [];
  #tally = { applied: 0, parked: 0, recovered: 0, retry_failed: 0 };

  constructor(options: ConsumerOptions) {
    this.#o = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.type, handler]));
    this.#types = [...this.#handlers.keys()];
  }

  /** Creates the cursor at the beginning of the log, once for all processes. */
  async register(): Promise<void> {
    await raw(
      this.#o.kysely,
      `insert into platform.log_cursor (consumer, xid, position, types) values ($1, $2, $3, $4)
       on conflict (consumer) do update set types = $4 where log_cursor.types <> $4`,
      [this.#o.agent, START.xid, START.position, this.#types.toSorted()],
    );
  }

  /** Works until aborted. Faults of the ground are logged and tried again; a handler's park its event. @throws any other */
  async run(signal: AbortSignal): Promise<void> {
    const waiter = this.#o.notifier.listen(this.#types);
    let retriedAt = 0;
    try {
      while (!signal.aborted) {
        let outcome: Outcome = 'idle';
        try {
          outcome = await this.step();
          if (Date.now() - retriedAt > (this.#mayHaveParked ? 250 : 2000)) {
            while ((await this.retryParked()) === 'more' && !signal.aborted);
            retriedAt = Date.now();
          }
        } catch (error) {
          if (!isTransient(error)) throw error;
          this.#o.log.warn({ err: error, consumer: this.#o.agent }, 'consumer will try again');
        }
        if (outcome !== 'more') await waiter.idle(signal);
      }
    } finally {
      waiter.close();
    }
  }

  /** One batch. First without savepoints; if an event fails, the batch again with a savepoint for each. */
  async step(): Promise<Outcome> {
    try {
      return await this.#holding((transaction) => this.#batch(transaction, false));
    } catch (error) {
      if (!(error instanceof HandlerFailed) && !isSwallowed(error)) throw error;
      return await this.#holding((transaction) => this.#batch(transaction, true));
    }
  }

  /** Tries the oldest parked event of each aggregate that is due. `more`: some succeeded, their successors are due. */
  async retryParked(): Promise<Outcome> {
    return this.#holding(async (transaction) => {
      const prepare = (events: readonly LoggedEvent[]) => this.#lock(transaction, events);
      const apply = async (event: LoggedEvent) => {
        const error = await this.#apply(transaction, event, true);
        this.#tally[error ? 'retry_failed' : 'recovered']++;
        return error;
      };
      const resolved = await attemptParked(transaction, this.#o.agent, { prepare, apply }, this.#o.log);
      return resolved ? 'more' : 'idle';
    });
  }

  async #batch(transaction: Kysely<any>, careful: boolean): Promise<Outcome> {
    const cursor = await this.#cursor(transaction);
    const skipped = this.#skipped && isSame(this.#skipped.base, cursor) ? this.#skipped : undefined;
    const limit = careful ? CAREFUL_BATCH : BATCH;
    const page = await readLog(transaction, skipped?.at ?? cursor, { limit, types: this.#types });
    if (page.scanned === 0) return 'idle';
    const outcome: Outcome = page.scanned < limit ? 'idle' : 'more';
    if (page.events.length === 0) {
      const rows = page.scanned + (skipped?.rows ?? 0);
      if (rows < SKIP_LIMIT) {
        this.#skipped = { base: cursor, at: page.next, rows };
        return outcome;
      }
    }
    const last = await this.#applyAll(transaction, page.events, careful);
    await this.#move(transaction, cursor, last ?? page.next);
    return last ? 'more' : outcome;
  }

  /** Applies the events in order. Returns the last one applied if the budget ended before the batch did. */
  async #applyAll(
    transaction: Kysely<any>,
    events: readonly LoggedEvent[],
    careful: boolean,
  ): Promise<LoggedEvent | undefined> {
    if (events.length === 0) return undefined;
    const started = performance.now();
    const parked = await parkedKeys(transaction, this.#o.agent);
    this.#mayHaveParked = parked.size > 0;
    await this.#lock(transaction, events);
    let last: LoggedEvent | undefined;
    for (const [index, event] of events.entries()) {
      const waits = parked.has(keyOf(event));
      const error = waits ? undefined : await this.#apply(transaction, event, careful);
      this.#tally[waits || error ? 'parked' : 'applied']++;
      if (waits || error) {
        await park(transaction, this.#o.agent, event, error, this.#o.log);
        parked.add(keyOf(event));
        this.#mayHaveParked = true;
      }
      if (performance.now() - started > BUDGET_MS && index < events.length - 1) {
        last = event;
        break;
      }
    }
    await this.#append(transaction).catch((error) => {
      throw isTransient(error) ? error : new HandlerFailed(error);
    });
    return last;
  }

  /** What was published since the last time: of a whole batch in one statement, unless it is a careful one. */
  async #append(transaction: Kysely<any>): Promise<void> {
    const events = this.#unwritten;
    this.#unwritten = [];
    await append(transaction, events, this.#o.signer);
    this.#published.push(...events);
  }

  /** All locks before the first write: see platform/data/locks.ts. */
  async #lock(transaction: Kysely<any>, events: readonly LoggedEvent[]): Promise<void> {
    await lock(
      transaction,
      events.flatMap((event) => this.#handlers.get(event.type)?.locks(event) ?? []),
    );
  }

  /** Applies one event: returns its handler's error if careful, throws HandlerFailed otherwise. */
  async #apply(transaction: Kysely<any>, event: LoggedEvent, careful: boolean): Promise<Error | undefined> {
    const origin = { correlationId: event.correlationId ?? undefined, causationId: event.id };
    const session = openWork({ ...this.#o, transaction, origin });
    if (careful) await raw(transaction, 'savepoint event');
    try {
      await this.#checkSignature(transaction, event);
      await traced(`consume ${event.type}`, this.#spanOf(event), async () => {
        await this.#handlers.get(event.type)!.handle(session.work, event);
        this.#unwritten.push(...(await session.flush()));
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

  /** Goes on with the trace in which the event was published. */
  #spanOf(event: LoggedEvent) {
    const { id, type, correlationId, traceparent } = event;
    const attributes = {
      'agora.consumer': this.#o.agent,
      'agora.event': id,
      'agora.event_type': type,
      'agora.correlation_id': correlationId ?? undefined,
    };
    return () => ({ kind: 'consumer' as const, parent: traceparent, attributes });
  }

  /** @throws Fault SIGNATURE: the event is parked for an operator, who finds out who wrote it */
  async #checkSignature(transaction: Kysely<any>, event: LoggedEvent): Promise<void> {
    const { signer, log, agent: consumer } = this.#o;
    if (!signer || signer.verify(event)) return;
    this.#signedFrom ??= BigInt((await logIdentity(transaction)).signedFrom);
    if (event.signature === null && BigInt(event.xid) < this.#signedFrom) return;
    count('agora_signatures_refused_total', { what: 'event' });
    const { id, type, source, correlationId } = event;
    log.error({ consumer, event: id, type, source, correlationId }, 'event with a bad signature');
    throw new Fault('SIGNATURE', `SIGNATURE: not signed by ${event.source}, or changed since, or its key is missing`);
  }

  async #cursor(transaction: Kysely<any>): Promise<Cursor> {
    // A statement of its own, after the lock: in one statement with it, the snapshot would be older than the lock.
    const { rows } = await raw<Cursor>(
      transaction,
      `select xid::text, position::text from platform.log_cursor where consumer = $1`,
      [this.#o.agent],
    );
    if (!rows[0]) throw new Error(`consumer ${this.#o.agent} is not registered`);
    return rows[0];
  }

  async #move(transaction: Kysely<any>, from: Cursor, to: Cursor): Promise<void> {
    // The comparison with the old place is a second lock: it fails if anything ever moved the cursor beside us.
    const { count } = await raw(
      transaction,
      `update platform.log_cursor set xid = $2, position = $3, moved_at = clock_timestamp()
        where consumer = $1 and xid = $4 and position = $5`,
      [this.#o.agent, to.xid, to.position, from.xid, from.position],
    );
    if (count !== 1) throw new Error(`the cursor of consumer ${this.#o.agent} was moved by someone else`);
  }

  async #holding(work: (transaction: Transaction<any>) => Promise<Outcome>): Promise<Outcome> {
    this.#published = [];
    this.#tally = { applied: 0, parked: 0, recovered: 0, retry_failed: 0 };
    this.#unwritten = [];
    const outcome = await this.#o.kysely.transaction().execute(async (transaction) => {
      // Two-key advisory locks are a space of their own, apart from the one-key locks of aggregates.
      const { rows } = await raw<{ held: boolean }>(
        transaction,
        `select pg_try_advisory_xact_lock(1819239272, hashtext($1)) as held`,
        [this.#o.agent],
      );
      return rows[0]!.held ? work(transaction) : 'busy';
    });
    this.#tell();
    return outcome;
  }

  /** After the commit: what was rolled back is told of nobody. */
  #tell(): void {
    for (const [outcome, events] of Object.entries(this.#tally))
      if (events > 0) count('agora_consumer_events_total', { consumer: this.#o.agent, outcome }, events);
    if (this.#published.length === 0) return;
    this.#o.notifier.notify(this.#published.map(({ type }) => type));
    this.#published.forEach(countPublished);
  }
}

/** A handler caught an error of PostgreSQL and went on: the transaction was lost by then, and whoever came next found out. */
const isSwallowed = (error: unknown): boolean => (error as { code?: string }).code === '25P02';

class HandlerFailed extends Error {
  constructor(cause: unknown) {
    super('an event handler failed', { cause });
  }
}
