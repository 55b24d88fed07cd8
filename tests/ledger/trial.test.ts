import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OwnLedger, openLedger } from '../support/ledger.ts';
import { runTrial } from './trial.ts';

let books: OwnLedger;
beforeAll(async () => {
  books = await openLedger();
});
afterAll(() => books?.database.drop());

test('thousands of random transfers by three processes, of which some are killed, leave a ledger that is whole', async () => {
  const { url } = books.database;
  const trial = await runTrial({ url, transfers: 6000, writers: 3, kills: 4, wallets: 60, batch: 50 });
  expect(trial.findings).toEqual([]);
  expect(trial.kills).toBe(4);
  expect(trial.reported.refused).toBeGreaterThan(0);
  // Batches that were committed and not reported were made by nobody else.
  expect(Number(trial.transfers)).toBeGreaterThanOrEqual(trial.reported.created);
  const { rows } = await books.database.pool.query(
    `select count(*)::int as below from books.ledger_account where code = 'WALLET' and credits_posted < debits_posted + debits_pending`,
  );
  expect(rows).toEqual([{ below: 0 }]);
});

test('no batch was made in part: the mark at its beginning is there with the one at its end', async () => {
  const { rows } = await books.database.pool.query<{ marks: number; batches: number }>(
    `select marks, count(*)::int as batches from (
       select regexp_replace(id, 'mark-.', ''), count(*)::int as marks from books.ledger_transfer
        where code = 'MARK' group by 1) batch group by marks`,
  );
  expect(rows).toEqual([{ marks: 2, batches: expect.any(Number) }]);
});
