/**
 * An agent's own data: reads by SQL into plain rows, writes in one transaction that takes its locks first and
 * publishes its events with what made them true.
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
import { earlierOutcome, keepOutcome, lockOf, type IdempotencyKey } from '../data/idempotency.ts';
import { lock } from '../data/locks.ts';
import { type EntityStatements, entityStatements } from './entity-statements.ts';
import { afterLostRace, afterTransient } from '../data/retry.ts';

/** Where a write comes from: kept in its events, so that one can be followed through the agents. */
export interface Origin {
  correlationId?: string;
  /** The event that is being handled. */
  causationId?: string;
}

/** One transaction's work. */
export interface Work<DB = any> extends EntityStatements {
  /** SQL inside the transaction, on the agent's own schema. */
  readonly sql: Kysely<DB>;
  /** Publishes a fact: it is appended to the log with this transaction, or not at all. */
  publish<Payload>(definition: EventDefinition<Payload>, event: NewEvent<Payload>): void;
  /** Starts a saga with this transaction, or not at all. The same `id` again does nothing. */
  startSaga(name: string, id: string, input: Record<string, unknown>): Promise<void>;
}

/** An agent's own data. */
export interface Store<DB = any> {
  /** For reads, single statements outside any transaction. Of an agent whose reads may lag they may go to a standby. */
  readonly read: Kysely<DB>;
  /**
   * For reads of what an actor is shown of the confined tables: those who hold no scope of the agent see their own rows
   * and no other, whatever is asked. Nothing but those tables can be read here then.
   */
  readAs(actor: Actor): Kysely<DB>;
  /** One transaction. Takes the locks first; tries again after a deadlock. */
  write<T>(options: { locks: readonly string[]; origin: Origin }, work: (work: Work<DB>) => Promise<T>): Promise<T>;
  /** What an earlier request with this key led to, if there was one: without a lock, to answer a repetition early. */
  earlierOutcome<T>(key: IdempotencyKey): Promise<T | undefined>;
  /**
   * One transaction whose outcome is kept under an idempotency key: again with the same key and request, `work` does
   * not run and the outcome is the kept one. The outcome is JSON: ids, states, user errors.
   * @throws Refusal IDEMPOTENCY_KEY_REUSED for the same key with another request
   */
  idempotent<T>(
    options: IdempotencyKey & { locks: readonly string[]; origin: Origin },
    work: (work: Work<DB>) => Promise<T>,
  ): Promise<T>;
}

/** A store on a connection pool, for one agent. `onCommit` is told of what was published, once it is. */
export function createStore<DB>(options: {
  agent: string;
  kysely: Kysely<any>;
  /** Where `read` goes. @default kysely */
  reads?: Kysely<any>;
  notifier: LogNotifier;
  /** Signs what is published. Without it events are not signed: for tests. */
  signer?: EventSigner;
  /** Tables whose rows PostgreSQL keeps apart. @default none */
  confined?: OwnTables;
  /** Told, once, where PostgreSQL has no role to read them as: `access.ts` alone decides there. */
  onOpen?: () => void;
  onCommit?: (events: readonly Envelope[]) => void;
}): Store<DB> {
  const { agent, kysely, reads = kysely, notifier, signer, onCommit, confined, onOpen = () => {} } = options;
  const read = reads.withSchema(agent) as Kysely<DB>;
  const readOwn = confined && confinedReads<DB>(kysely, { agent, confined, onOpen });

  const transact = async <T>(
    locks: readonly string[],
    origin: Origin,
    work: (work: Work<DB>, transaction: Kysely<any>) => Promise<T>,
  ) => {
    let published: readonly Envelope[] = [];
    const result = await kysely.transaction().execute(async (transaction) => {
      await lock(transaction, locks);
      const session = openWork<DB>({ ...options, transaction, origin });
      const value = await work(session.work, transaction);
      published = session.events;
      await append(transaction, published, signer);
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
    write: ({ locks, origin }, work) => afterLostRace.execute(() => transact(locks, origin, work)),
    earlierOutcome: async <T>(key: IdempotencyKey) =>
      (await earlierOutcome(kysely, agent, key))?.outcome as T | undefined,
    idempotent: (options, work) =>
      afterTransient.execute(() =>
        transact([lockOf(options), ...options.locks], options.origin, async (session, transaction) => {
          const earlier = await earlierOutcome(transaction, agent, options);
          if (earlier) return earlier.outcome as Awaited<ReturnType<typeof work>>;
          const outcome = await work(session);
          await keepOutcome(transaction, agent, options, outcome);
          return outcome;
        }),
      ),
  };
}

/** The work inside a transaction that somebody else drives. Its events are to be appended before the commit. */
export function openWork<DB>({
  agent,
  transaction,
  origin,
}: {
  agent: string;
  transaction: Kysely<any>;
  origin: Origin;
}) {
  const events: Envelope[] = [];
  const work: Work<DB> = {
    ...entityStatements(transaction, agent),
    sql: transaction.withSchema(agent) as Kysely<DB>,
    publish: (definition, event) => events.push(envelope(definition, event, { source: agent, ...origin })),
    startSaga: (name, id, input) => enqueueSaga(transaction, name, id, input, origin),
  };
  return { work, events: events as readonly Envelope[] };
}
