/** The context of one small agent, `small`, on a database of its own: for tests of what all agents share. */
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { DECLARED, IDEMPOTENCY } from '../../db/connect/migration-sets.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { createStore, type Store } from '../../platform/store/store.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { LogTail } from '../../platform/events/log-tail.ts';
import { Consumer } from '../../platform/consumers/consumer.ts';
import type { ConsumerOptions } from '../../platform/consumers/consumer-options.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import type { NotifierRelay } from '../../platform/events/notifier-relay.ts';
import type { EventHandler } from '../../platform/consumers/handler.ts';
import { type EventSigner, eventSigner } from '../../platform/events/signing.ts';
import { silentLogger } from '../../platform/log.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { testPool } from './test-pool.ts';

const inPlatform = (path: string): string => fileURLToPath(new URL(`../../platform/${path}`, import.meta.url));

/** `note` is what commands change, `effect` what consumers write: without a unique key, so that a repetition shows. */
const TABLES = `
  create table note (id text primary key, text text not null, owner text, version int not null default 1);
  create table effect (n bigint generated always as identity primary key, consumer text not null, event_id uuid not null,
    aggregate_id text not null, version int not null);
`;

/** Event of a note that was written. */
export const noteWritten = defineEvent('note.written', {
  aggregate: 'note',
  description: 'A note was written.',
  payload: z.object({ id: z.string(), text: z.string() }),
});

/** Event of a reader of notes. */
export const noteRead = defineEvent('note.read', {
  aggregate: 'note',
  description: 'A note was read.',
  payload: z.object({ id: z.string() }),
});

/** The small agent's context. */
export interface SmallAgent extends SmallFixture {
  database: TestDatabase;
  /** Deletes all events, consumers, notes and effects. */
  empty(): Promise<void>;
}

/** The context without the database, as a second process makes it of the address. */
export interface SmallFixture {
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  notifier: LogNotifier;
  store: Store;
  /** Signs what the store publishes. The same in every process. */
  signer: EventSigner;
  /** A consumer of this name; its state is in the schema of `small` all the same. */
  consumer(name: string, handlers: readonly EventHandler[], more?: Partial<ConsumerOptions>): Consumer;
  /** The log tail that wakes the consumers. It runs while one of them runs. */
  tail: LogTail;
  /** Writes a note as a command does, and publishes it at its next version. */
  write(id: string, text?: string): Promise<number>;
}

/** The context over an existing pool. With `relay` other processes are woken. */
export async function smallFixture(kysely: Kysely<any>, relay?: NotifierRelay): Promise<SmallFixture> {
  const notifier = new LogNotifier(relay);
  const signer = eventSigner([{ id: 'test', bytes: Buffer.alloc(32, 7) }]);
  const store: Store = createStore({ agent: 'small', kysely, notifier, signer });
  const tail = new LogTail({ kysely, notifier, log: silentLogger });
  const withTail = whileUsed((signal) => tail.run(signal));
  return {
    kysely,
    notifier,
    store,
    signer,
    tail,
    consumer: (agent, handlers, more) => {
      const options = { agent, kysely, notifier, tail, log: silentLogger, handlers, signer };
      const consumer = new Consumer({ ...options, begins: 'OLDEST', ...more });
      const run = consumer.run.bind(consumer);
      consumer.run = (signal) => withTail(() => run(signal));
      return consumer;
    },
    write: (id, text = 'x') =>
      store.write({ locks: [`note:${id}`], origin: {} }, async ({ sql, publish }) => {
        const { version } = await sql
          .insertInto('note')
          .values({ id, text })
          .onConflict((on) => on.column('id').doUpdateSet((eb) => ({ text, version: eb('note.version', '+', 1) })))
          .returning('version')
          .executeTakeFirstOrThrow();
        publish(noteWritten, { aggregateId: id, aggregateVersion: version, payload: { id, text } });
        return version;
      }),
  };
}

/** Keeps something running for as long as any of its users works. */
function whileUsed(run: (signal: AbortSignal) => Promise<void>) {
  let users = 0;
  let ending = new AbortController();
  let running: Promise<void> | undefined;
  return async (work: () => Promise<void>): Promise<void> => {
    if (users++ === 0) {
      ending = new AbortController();
      running = run(ending.signal);
    }
    try {
      await work();
    } finally {
      if (--users === 0) {
        ending.abort();
        await running;
      }
    }
  };
}

/** Makes the database and the context on it. */
export async function openSmallAgent(): Promise<SmallAgent> {
  const extra = [...IDEMPOTENCY, ...Object.values(DECLARED).flat(), { name: '0001-small', sql: TABLES }];
  const database = await testDatabase({
    sets: [
      { schema: 'platform', directory: inPlatform('migrations') },
      { schema: 'small', directory: inPlatform('none'), extra },
    ],
  });
  const empty = async (): Promise<void> => {
    await database.pool.query(
      'truncate platform.event_log, platform.log_cursor, platform.parked_event, small.note, small.effect',
    );
  };
  return { database, empty, ...(await smallFixture(database.kysely)) };
}

/** The context in another process. */
export const joinSmallAgent = (url: string, relay?: NotifierRelay): Promise<SmallFixture> =>
  smallFixture(kyselyOver(testPool({ url, max: 4, name: 'agora test child' })), relay);

/** Records which consumer applied which event. */
export const noteEffect = async (
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it writes
  db: Kysely<any>,
  consumer: string,
  event: { id: string; aggregateId: string; aggregateVersion: number },
): Promise<void> => {
  const { id: event_id, aggregateId: aggregate_id, aggregateVersion: version } = event;
  await db.withSchema('small').insertInto('effect').values({ consumer, event_id, aggregate_id, version }).execute();
};
