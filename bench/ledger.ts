/** Transfers a second through the ledger, beside bare inserts of as many rows into a table with the same key. */
import { testDatabase } from '../tests/support/database.ts';
import { LEDGER_SETS, ledgerOver } from '../tests/support/ledger.ts';
import { FixedClock } from '../platform/clock.ts';
import { raw } from '../platform/data/raw.ts';
import type { NewAccount } from '../platform/ledger/account.ts';
import type { NewTransfer } from '../platform/ledger/transfer.ts';
import { median, spread, table } from './figures.ts';
import type { Size } from './run.ts';

/** Transfers in one transaction: one, as a request makes it, and sets, as a consumer makes them. */
const SETS = [1, 10, 100, 500];
const ACCOUNTS = 1000;

const account = (n: number): string => `account-${n}`;

/** Measures, and prints a table. */
export async function ledger({ events: count, rounds }: Size): Promise<void> {
  const database = await testDatabase({ sets: LEDGER_SETS });
  try {
    const books = ledgerOver(database.kysely, new FixedClock());
    const accounts = Array.from(
      { length: ACCOUNTS },
      (_, n): NewAccount => ({ id: account(n), ledger: 'EUR', code: 'ANY' }),
    );
    await books.open(accounts);
    await database.pool.query('create table books.bare (id text primary key, debit text, credit text, amount bigint)');
    const rates = new Map<string, number[]>();
    const note = (what: string, rate: number): void => void rates.set(what, [...(rates.get(what) ?? []), rate]);
    for (let round = 0; round < rounds; round++) {
      for (const set of SETS) {
        const total = Math.min(count, set * 2000);
        const batches = batchesOf(`${round}/${set}`, total, set);
        note(`bare ${set}`, await timed(total, batches, (batch) => insertBare(database.kysely, batch)));
        note(`ledger ${set}`, await timed(total, batches, books.make));
      }
    }
    const { findings } = await books.check();
    if (findings.length > 0) throw new Error(`the ledger is wrong: ${findings[0]}`);
    table(
      `Transfers a second: ${rounds} rounds, among ${ACCOUNTS} accounts, one writer`,
      ['transfers in a transaction', 'ledger (median)', 'spread', 'bare insert (median)', 'ledger : bare'],
      SETS.map((set) => {
        const [ours, bare] = [rates.get(`ledger ${set}`)!, rates.get(`bare ${set}`)!];
        const ratio = (median(ours) / median(bare)).toFixed(2);
        return [String(set), median(ours).toFixed(0), spread(ours), median(bare).toFixed(0), ratio];
      }),
    );
  } finally {
    await database.drop();
  }
}

function batchesOf(name: string, total: number, set: number): NewTransfer[][] {
  const transfers = Array.from({ length: total }, (_, n): NewTransfer => {
    const between = { debitAccount: account(n % ACCOUNTS), creditAccount: account((n * 7 + 1) % ACCOUNTS) };
    if (between.debitAccount === between.creditAccount) between.creditAccount = account((n + 1) % ACCOUNTS);
    return { kind: 'POSTED', id: `${name}/${n}`, code: 'MOVE', ...between, ledger: 'EUR', amount: 1n };
  });
  return Array.from({ length: Math.ceil(total / set) }, (_, n) => transfers.slice(n * set, (n + 1) * set));
}

async function timed<Batch>(
  total: number,
  batches: readonly Batch[],
  make: (batch: Batch) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  for (const batch of batches) await make(batch);
  return (total * 1000) / (performance.now() - began);
}

/** A set of rows in a transaction of its own, with nothing read, locked or kept. */
async function insertBare(
  kysely: ReturnType<typeof ledgerOver>['kysely'],
  batch: readonly NewTransfer[],
): Promise<void> {
  const some = batch as Extract<NewTransfer, { debitAccount: string }>[];
  await kysely
    .transaction()
    .execute((transaction) =>
      raw(
        transaction,
        'insert into books.bare select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])',
        [
          some.map(({ id }) => id),
          some.map((each) => each.debitAccount),
          some.map((each) => each.creditAccount),
          some.map((each) => each.amount),
        ],
      ),
    );
}
