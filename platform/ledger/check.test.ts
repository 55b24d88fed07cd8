/** The check finds what nothing but the owner of the tables can do, with everything switched off that keeps them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OwnLedger, openLedger } from '../../tests/support/ledger.ts';
import { checkStatement } from './check.ts';

let books: OwnLedger;
beforeAll(async () => {
  books = await openLedger();
  await books.open([
    { id: 'house', ledger: 'EUR', code: 'HOUSE' },
    { id: 'wallet', ledger: 'EUR', code: 'WALLET', balanceLimit: 'DEBITS_WITHIN_CREDITS' },
  ]);
  const between = { debitAccount: 'house', creditAccount: 'wallet', ledger: 'EUR', code: 'PAY' };
  await books.make([
    { kind: 'POSTED', id: 'paid', ...between, amount: 10n },
    { kind: 'PENDING', id: 'held', ...between, amount: 4n, timeoutSeconds: 60 },
    { kind: 'PENDING', id: 'ended', ...between, amount: 4n },
    { kind: 'POST_PENDING', id: 'post', code: 'PAY', pendingId: 'ended', amount: 3n },
  ]);
});
afterAll(() => books?.database.drop());

test('a ledger that is whole has no findings, and says how large it is', async () => {
  expect(await books.check()).toEqual({ accounts: 2n, transfers: 4n, findings: [] });
});

const UNGUARDED = ['ledger_account', 'ledger_transfer', 'ledger_timeout'];

test.each([
  [
    'a balance out of nothing',
    `update books.ledger_account set credits_posted = 14 where id = 'wallet'`,
    [
      'account wallet of EUR: balances 0/0/4/14, transfers 0/0/4/13',
      'ledger EUR: debits 13 and 4 pending, credits 14 and 4 pending',
    ],
  ],
  [
    'a transfer that moved nothing',
    `insert into books.ledger_transfer (id, kind, debit_account, credit_account, ledger, amount, code, created_at)
     values ('raw', 'POSTED', 'house', 'wallet', 'EUR', 1, 'PAY', now())`,
    ['account house of EUR', 'account wallet of EUR'],
  ],
  [
    'a lost transfer',
    `delete from books.ledger_transfer where id = 'paid'`,
    ['account house of EUR', 'account wallet of EUR'],
  ],
  [
    'a lost account',
    `delete from books.ledger_account where id = 'house'`,
    ['account house of EUR: balances of no account', 'ledger EUR'],
  ],
  [
    'a broken limit',
    `alter table books.ledger_account drop constraint ledger_account_debits_within_credits;
     update books.ledger_account set debits_posted = 20 where id = 'wallet'`,
    ['account wallet of EUR', 'account wallet: DEBITS_WITHIN_CREDITS is broken', 'ledger EUR'],
  ],
  [
    'a resolution of more than was pending',
    `update books.ledger_transfer set amount = 5 where id = 'post'`,
    ['account house of EUR', 'account wallet of EUR', 'transfer post does not fit ended'],
  ],
  ['a forgotten timeout', `delete from books.ledger_timeout`, ['the timeout of held is not waited for']],
  [
    'a timeout for nothing',
    `insert into books.ledger_timeout values ('gone', now())`,
    ['the timeout of gone is for nothing'],
  ],
])('%s is found', async (_, text, told) => {
  const client = await books.database.pool.connect();
  try {
    await client.query('begin');
    for (const table of UNGUARDED) await client.query(`alter table books.${table} disable trigger user`);
    await client.query(text);
    const { rows } = await client.query<{ findings: string[] }>(checkStatement('books'));
    expect(rows[0]!.findings).toEqual(told.map((finding) => expect.stringContaining(finding)));
  } finally {
    await client.query('rollback');
    client.release();
  }
});
