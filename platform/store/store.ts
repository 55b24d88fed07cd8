/**
 * An agent's own data: reads by SQL into plain rows, writes in one transaction that takes its locks first and publishes
 * its events with the change that made them true.
 */
import type { Kysely } from 'kysely';
import type { LogNotifier } from '../events/log-notifier.ts';
import { append, type Envelope, envelope } from '../events/event-log.ts';
import type { EventDefinition, NewEvent } from '../events/define-event.ts';
import type { EventSigner } from '../events/signing.ts';
import type { Actor } from '../identity/actor.ts';
import { enqueueSaga } from '../sagas/enqueue.ts';
import { isConfined } from '../data/confined.ts';
import { confinedReads } from '../data/confined-reads.ts';
import type { OwnTables } from '../data/own-rows.ts';
import { checkKey, earlierOutcome, keeping, lockOf, type IdempotencyKey } from '../data/idempotency.ts';
import { lock } from '../data/locks.ts';
import type { Statement } from '../data/raw.ts';
import { NumberDraws, type NumberOwner, type UseNumber } from '../numbers/number-draws.ts';
import type { NumberSeries } from '../numbers/number-series.ts';
import { type EntityStatements, entityStatements } from './entity-statements.ts';
import { afterLostRace, afterTransient } from '../data/retry.ts';

/** Origin of a write, kept in its events, so that a request can be traced through the agents. */
export interface Origin {
  correlationId?: string;
  /** The event that is being handled. */
  causationId?: string;
}

/** One transaction's work. */
export interface Work<DB = any> extends EntityStatements {
  /** SQL inside the transaction, on the agent's own schema. */
  readonly sql: Kysely<DB>;
  /**
   * Publishes a fact: it is appended to the log with this transaction, or not at all. `origin` is its cause, where the
   * work has several. @default the origin of the work
   */
  publish<Payload>(definition: EventDefinition<Payload>, event: NewEvent<Payload>, origin?: Origin): void;
  /** Starts a saga with this transaction, or not at all. The same `id` again does nothing. */
  startSaga(name: string, id: string, input: Record<string, unknown>): Promise<void>;
}

/** A command's work. Its transaction ends with it, unlike that of an event's handler, which is one of a batch. */
export interface CommandWork<DB = any> extends Work<DB> {
  /**
   * Draws the next number of a series when the work is done, as the last lock of the transaction, so `use` is called
   * then: it writes the number and publishes it. For agents that say `numbers: true`.
   */
  drawNumber(series: NumberSeries, of: NumberOwner, use: UseNumber): void;
}

/** An agent's own data. */
export interface Store<DB = any> {
  /** Reads: single statements outside any transaction, on a read replica where the agent's reads may lag. */
  readonly read: Kysely<DB>;
  /**
   * Reads of the confined tables for an actor, under row-level security: an actor without a scope of the agent sees
   * their own rows alone, whatever the statement. Only the confined tables can be read then.
   */
  readAs(actor: Actor): Kysely<DB>;
  /** Runs work in one transaction, which takes the locks first and is retried after a deadlock. */
  write<T>(
    options: { locks: readonly string[]; origin: Origin },
    work: (work: CommandWork<DB>) => Promise<T>,
  ): Promise<T>;
  /** The outcome of an earlier request with this key, if any: read without a lock, to answer a replay early. */
  earlierOutcome<T>(key: IdempotencyKey): Promise<T | undefined>;
  /**
   * Runs work in one transaction whose outcome is kept under an idempotency key: on a replay of key and request, `work`
   * does not run and the kept outcome is returned. The outcome is JSON: ids, states, user errors.
   * @throws Refusal IDEMPOTENCY_KEY_REUSED for the same key with another request
   */
  idempotent<T>(
    options: IdempotencyKey & { locks: readonly string[]; origin: Origin },
    work: (work: CommandWork<DB>) => Promise<T>,
  ): Promise<T>;
}

/** Creates an agent's store on a connection pool. `onCommit` is called with the published events after the commit. */
export function createStore<DB>(options: {
  agent: string;
  kysely: Kysely<any>;
  /** Connections of `read`. @default kysely */
  reads?: Kysely<any>;
  notifier: LogNotifier;
  /** Signs published events. Without it they are not signed: for tests. */
  signer?: EventSigner;
  /** Tables under row-level security. @default none */
  confined?: OwnTables;
  /** Called once if PostgreSQL has no reader role: then `access.ts` alone filters rows. */
  onOpen?: () => void;
  onCommit?: (events: readonly Envelope[]) => void;
}): Store<DB> {
  const { agent, kysely, reads = kysely, notifier, signer, onCommit, confined, onOpen = () => {} } = options;
  const read = reads.withSchema(agent) as Kysely<DB>;
  const readOwn = confined && confinedReads<DB>(kysely, { agent, confined, onOpen });

  const transact = async <T>(
    locks: readonly string[],
    origin: Origin,
    work: (work: CommandWork<DB>, transaction: Kysely<any>) => Promise<{ value: T; last?: Statement }>,
  ) => {
    let published: readonly Envelope[] = [];
    const result = await kysely.transaction().execute(async (transaction) => {
      await lock(transaction, locks);
      const session = openWork<DB>({ ...options, transaction, origin });
      const draws = new NumberDraws();
      const drawNumber: CommandWork['drawNumber'] = (series, of, use) => draws.ask(series, of, use);
      const { value, last } = await work({ ...session.work, drawNumber }, transaction);
      await draws.carryOut(transaction, agent);
      published = session.events;
      await append(transaction, published, signer, last);
      return value;
    });
    if (published.length) {
      notifier.notify(published.map((event) => event.type));
      onCommit?.(published);
    }
    return result;
  };

  return {
    read,
    readAs: (actor) => (readOwn && isConfined(actor, agent) ? readOwn(actor) : read),
    write: ({ locks, origin }, work) =>
      afterLostRace.execute(() => transact(locks, origin, async (session) => ({ value: await work(session) }))),
    earlierOutcome: async <T>(key: IdempotencyKey) =>
      (await earlierOutcome(kysely, agent, key))?.outcome as T | undefined,
    idempotent: async (options, work) => {
      checkKey(options);
      return afterTransient.execute(() =>
        transact([lockOf(options), ...options.locks], options.origin, async (session, transaction) => {
          const earlier = await earlierOutcome(transaction, agent, options);
          if (earlier) return { value: earlier.outcome as Awaited<ReturnType<typeof work>> };
          const outcome = await work(session);
          return { value: outcome, last: keeping(agent, options, outcome) };
        }),
      );
    },
  };
}

/** Opens work inside the caller's transaction. The caller appends its events before the commit. */
export function openWork<DB>({
  agent,
  schema = agent,
  transaction,
  origin,
}: {
  agent: string;
  /** The schema of its statements. @default the agent's */
  schema?: string;
  transaction: Kysely<any>;
  origin: Origin;
}) {
  const events: Envelope[] = [];
  const work: Work<DB> = {
    ...entityStatements(transaction, schema),
    sql: transaction.withSchema(schema) as Kysely<DB>,
    publish: (definition, event, cause = origin) =>
      events.push(envelope(definition, event, { source: agent, ...cause })),
    startSaga: (name, id, input) => enqueueSaga(transaction, name, id, input, origin),
  };
  return { work, events: events as readonly Envelope[] };
}
