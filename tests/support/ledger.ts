/** A ledger in the schema of an agent `books`, on a database of its own, and its operations in other processes. */
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import { DECLARED, IDEMPOTENCY } from '../../db/connect/migration-sets.ts';
import { kyselyOver } from '../../db/kysely.ts';
import { type Clock, FixedClock } from '../../platform/clock.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import type { NewAccount } from '../../platform/ledger/account.ts';
import { type LedgerCheck, checkLedger } from '../../platform/ledger/check.ts';
import { createLedger, type Ledger } from '../../platform/ledger/ledger.ts';
import type { NewTransfer, TransferResult } from '../../platform/ledger/transfer.ts';
import { createStore, type Store } from '../../platform/store/store.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { testPool } from './test-pool.ts';

const inPlatform = (path: string): string => fileURLToPath(new URL(`../../platform/${path}`, import.meta.url));

/** The schema. */
export const BOOKS = 'books';

/** The migrations of a ledger's schema. */
export const LEDGER_SETS = [
  { schema: 'platform', directory: inPlatform('migrations') },
  { schema: BOOKS, directory: inPlatform('none'), extra: [...IDEMPOTENCY, DECLARED.ledger] },
];

/** A ledger with its own transactions. */
export interface TestLedger {
  ledger: Ledger;
  store: Store;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  open(accounts: readonly NewAccount[]): Promise<void>;
  /** Makes transfers in one transaction that takes their locks first. */
  make(transfers: readonly NewTransfer[]): Promise<TransferResult[]>;
  /** Runs the job that expires pending transfers. */
  expire(): Promise<void>;
  check(): Promise<LedgerCheck>;
}

/** A ledger with the database that was made for it. */
export interface OwnLedger extends TestLedger {
  database: TestDatabase;
  clock: FixedClock;
}

/** The ledger over an existing pool. */
// biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
export function ledgerOver(kysely: Kysely<any>, clock: Clock): TestLedger {
  const store = createStore({ agent: BOOKS, kysely, notifier: new LogNotifier() });
  const ledger = createLedger({ agent: BOOKS, store, clock });
  return {
    ledger,
    store,
    kysely,
    open: (accounts) =>
      store.write({ locks: [], origin: {} }, async (work) => void (await ledger.open(work, accounts))),
    make: async (transfers) =>
      store.write({ locks: await ledger.locksFor(transfers), origin: {} }, (work) => ledger.transfer(work, transfers)),
    expire: () => ledger.scheduledJobs[0]!.run(new AbortController().signal, kysely),
    check: () => checkLedger(kysely, BOOKS),
  };
}

/** Makes a database and a ledger in it. */
export async function openLedger(): Promise<OwnLedger> {
  const database = await testDatabase({ sets: LEDGER_SETS });
  const clock = new FixedClock('2026-06-01T12:00:00Z');
  return { database, clock, ...ledgerOver(database.kysely, clock) };
}

/** The ledger of another process's database, and the end of its connections. */
export function joinLedger(url: string, clock: Clock): TestLedger & { end(): Promise<void> } {
  const pool = testPool({ url, max: 4, name: 'agora test child' });
  return { ...ledgerOver(kyselyOver(pool), clock), end: () => pool.end() };
}
