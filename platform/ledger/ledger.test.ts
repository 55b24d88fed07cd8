/** The ledger on PostgreSQL: its answers and balances, its transactions, and what the database itself refuses. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type OwnLedger, openLedger } from '../../tests/support/ledger.ts';
import { PlainLedger } from './plain-ledger.testing.ts';
import { ACCOUNTS, course, FUNDS } from './random-transfers.testing.ts';
import { required } from './ledger.ts';
import type { Movement, NewTransfer, Resolution, TransferResult } from './transfer.ts';

let books: OwnLedger;
beforeAll(async () => {
  books = await openLedger();
});
afterAll(() => books?.database.drop());
beforeEach(() => emptied());

/** Begins anew: the owner of the tables alone can, by switching off what keeps them. */
async function emptied(): Promise<void> {
  const tables = ['ledger_transfer', 'ledger_account', 'ledger_timeout'].map((table) => `books.${table}`);
  for (const table of tables) await books.database.pool.query(`alter table ${table} disable trigger user`);
  await books.database.pool.query(`truncate ${tables.join(', ')}`);
  for (const table of tables) await books.database.pool.query(`alter table ${table} enable trigger user`);
  await books.open(ACCOUNTS);
}

const [HOUSE, WALLET] = ['EUR/house', 'EUR/wallet-1'];
const pay = (id: string, amount: bigint, more: Partial<Movement> = {}): Movement => ({
  kind: 'POSTED',
  id,
  code: 'PAY',
  debitAccount: HOUSE!,
  creditAccount: WALLET!,
  ledger: 'EUR',
  amount,
  ...more,
});
const spend = (id: string, amount: bigint, more: Partial<Movement> = {}): Movement =>
  pay(id, amount, { debitAccount: WALLET!, creditAccount: HOUSE!, ...more });
const post = (id: string, pendingId: string, more: Partial<Resolution> = {}): Resolution => ({
  kind: 'POST_PENDING',
  id,
  code: 'PAY',
  pendingId,
  ...more,
});
const outcomes = (results: readonly TransferResult[]): string[] => results.map(({ outcome }) => outcome);
const accountOf = async (id: string) => (await books.ledger.queries.accounts([id]))[0]!;
const whole = async () => expect((await books.check()).findings).toEqual([]);

test('every course of transfers gives the answers and the balances of a plain ledger, and is whole in the database', async () => {
  await fc.assert(
    fc.asyncProperty(course, async (happenings) => {
      await emptied();
      const plain = new PlainLedger(ACCOUNTS);
      const both = async (transfers: readonly NewTransfer[]) =>
        expect(await books.make(transfers)).toEqual(plain.make(transfers, books.clock.now()));
      await both(FUNDS);
      for (const happening of happenings) {
        if (happening === 'EXPIRE') {
          const due = plain.due(books.clock.now());
          plain.make(
            due.map((pendingId) => ({ kind: 'EXPIRED', id: `${pendingId}/expired`, pendingId, code: 'TIMEOUT' })),
            books.clock.now(),
          );
          await books.expire();
        } else if ('seconds' in happening) books.clock.advance(happening.seconds * 1000);
        else await both(happening.transfers);
      }
      for (const { id } of ACCOUNTS) expect(await accountOf(id)).toMatchObject(plain.balances(id));
      await whole();
    }),
    { numRuns: 40 },
  );
});

describe('accounts', () => {
  test('are opened once, and one that exists otherwise stays as it is', async () => {
    const open = (...accounts: Parameters<typeof books.ledger.open>[1]) =>
      books.store.write({ locks: [], origin: {} }, (work) => books.ledger.open(work, accounts));
    const wallet = { id: 'new', ledger: 'EUR', code: 'WALLET', reference: 'customer_1' };
    expect(await open(wallet, wallet)).toEqual([
      { id: 'new', outcome: 'CREATED' },
      { id: 'new', outcome: 'EXISTS' },
    ]);
    expect(
      outcomes(
        (await open(
          { ...wallet, ledger: 'USD' },
          { ...wallet, code: 'CARD' },
          { ...wallet, reference: undefined },
          { ...wallet, balanceLimit: 'DEBITS_WITHIN_CREDITS' },
        )) as never,
      ),
    ).toEqual([
      'EXISTS_WITH_DIFFERENT_LEDGER',
      'EXISTS_WITH_DIFFERENT_CODE',
      'EXISTS_WITH_DIFFERENT_REFERENCE',
      'EXISTS_WITH_DIFFERENT_BALANCE_LIMIT',
    ]);
    expect(await accountOf('new')).toMatchObject({ ...wallet, balanceLimit: 'NONE', creditsPosted: 0n });
  });
});

test.each([
  ['no id', { id: '' }, 'The id of an account has 1 to 200 characters, not 0.'],
  ['a ledger of too many characters', { ledger: 'x'.repeat(21) }, 'The ledger of an account has 1 to 20'],
])('an account with %s is an error that says so, and opens nothing', async (_, more, told) => {
  const bad = { id: 'new', ledger: 'EUR', code: 'WALLET', ...more };
  await expect(books.open([{ ...bad, id: 'good', ledger: 'EUR' }, bad])).rejects.toThrow(told);
  expect(await books.ledger.queries.accounts(['good', 'new'])).toEqual([]);
});

describe('a transaction', () => {
  test('that fails after its transfers leaves neither them nor their balances', async () => {
    const failing = books.store.write({ locks: [], origin: {} }, async (work) => {
      await books.ledger.transfer(work, [pay('t1', 10n)]);
      throw new Error('the change that it belongs to failed');
    });
    await expect(failing).rejects.toThrow('the change');
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 0n });
    expect(outcomes(await books.make([pay('t1', 10n)]))).toEqual(['CREATED']);
  });

  test('in which a movement must be possible fails with the reason', async () => {
    const failing = books.store.write({ locks: [], origin: {} }, async (work) =>
      required(await books.ledger.transfer(work, [pay('t1', 10n), spend('t2', 11n)])),
    );
    await expect(failing).rejects.toThrow('t2: EXCEEDS_CREDITS');
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 0n });
  });

  test('has at most a thousand transfers in one call', async () => {
    const many = Array.from({ length: 1001 }, (_, n) => pay(`t${n}`, 1n));
    await expect(books.make(many)).rejects.toThrow('At most 1000');
    expect(await books.make(many.slice(0, 1000))).toHaveLength(1000);
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 1000n });
  });
});

describe('at the same time', () => {
  const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

  test('many writers spend a wallet to nothing and not below, whether or not they name their locks', async () => {
    await books.make([pay('fund', 100n)]);
    const spendOne = (n: number) =>
      n % 2
        ? books.make([spend(`s${n}`, 3n)])
        : books.store.write({ locks: [], origin: {} }, (work) => books.ledger.transfer(work, [spend(`s${n}`, 3n)]));
    const results = (await Promise.all(upTo(60).map(spendOne))).flat();
    expect(results.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(33);
    expect(results.filter(({ outcome }) => outcome === 'EXCEEDS_CREDITS')).toHaveLength(27);
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 100n, debitsPosted: 99n });
    await whole();
  });

  test('one transfer that is asked for many times is made once', async () => {
    const results = (await Promise.all(upTo(20).map(() => books.make([pay('once', 5n)])))).flat();
    expect(results.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'EXISTS')).toHaveLength(19);
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 5n });
  });

  test('one id that is asked for between different accounts is made once, and the others are told', async () => {
    await books.open([{ id: 'EUR/lender', ledger: 'EUR', code: 'HOUSE' }]);
    // No account is in both, so that they do not wait for one another.
    const other = { debitAccount: 'EUR/lender', creditAccount: 'EUR/wallet-2' };
    const asked = upTo(12).map((n) => pay('mine', 5n, n % 2 ? other : {}));
    const withoutLocks = (transfer: NewTransfer) =>
      books.store.write({ locks: [], origin: {} }, (work) => books.ledger.transfer(work, [transfer]));
    const results = (await Promise.all(asked.map(withoutLocks))).flat();
    expect(results.filter(({ outcome }) => outcome === 'CREATED')).toHaveLength(1);
    expect(new Set(outcomes(results))).toEqual(new Set(['CREATED', 'EXISTS', 'EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT']));
    await whole();
  });

  test('a post, a void and an expiry of one pending transfer: one of them is made', async () => {
    for (const n of upTo(10)) {
      await books.make([pay(`p${n}`, 10n, { kind: 'PENDING', timeoutSeconds: 60 })]);
      const ends = [
        books.make([post(`post${n}`, `p${n}`)]),
        books.make([{ kind: 'VOID_PENDING', id: `void${n}`, code: 'PAY', pendingId: `p${n}` }]),
      ];
      if (n % 2) books.clock.advance(60_000);
      await Promise.all([...ends, books.expire()]);
      const { rows } = await books.database.pool.query(
        'select count(*)::int as n from books.ledger_transfer where pending_id = $1',
        [`p${n}`],
      );
      expect(rows).toEqual([{ n: 1 }]);
    }
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPending: 0n });
    await whole();
  });

  test('writers on overlapping accounts in any order do not lock one another out', async () => {
    await books.make(FUNDS);
    const all = ACCOUNTS.filter(({ ledger }) => ledger === 'EUR').map(({ id }) => id);
    const write = async (writer: number) => {
      for (const n of upTo(15)) {
        const turned = all.map((_, k) => all[(k * (writer % 2 ? 1 : 3) + n) % all.length]!);
        await books.make(
          turned
            .slice(1)
            .map((id, k) => pay(`${writer}/${n}/${k}`, 1n, { debitAccount: turned[k]!, creditAccount: id })),
        );
      }
    };
    await Promise.all(upTo(6).map(write));
    expect((await books.check()).findings).toEqual([]);
  });
});

describe('the job that expires pending transfers', () => {
  test('releases what is over, in batches, and nothing else', async () => {
    const held = Array.from({ length: 450 }, (_, n) =>
      pay(`p${n}`, 1n, { kind: 'PENDING', timeoutSeconds: n < 430 ? 60 : 61 }),
    );
    await books.make([...held, pay('kept', 1n, { kind: 'PENDING' })]);
    await books.make([post('posted', 'p0')]);
    books.clock.advance(60_000);
    await books.expire();
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPending: 21n, creditsPosted: 1n });
    await books.expire();
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPending: 21n, creditsPosted: 1n });
    await whole();
  });

  test('need not have run for a post to be refused after the timeout', async () => {
    await books.make([pay('p', 10n, { kind: 'PENDING', timeoutSeconds: 60 })]);
    books.clock.advance(60_000);
    expect(outcomes(await books.make([post('t1', 'p')]))).toEqual(['PENDING_TRANSFER_EXPIRED']);
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 0n });
  });
});

describe('the database itself', () => {
  const refused = (text: string) =>
    expect(books.database.pool.query(text)).rejects.toThrow(/ledger|balance|check|account/);

  test.each([
    ['a changed amount', `update books.ledger_transfer set amount = 1`],
    ['a deleted transfer', `delete from books.ledger_transfer`],
    ['emptied transfers', `truncate books.ledger_transfer`],
    ['a balance out of nothing', `update books.ledger_account set credits_posted = 1000 where id = 'EUR/wallet-1'`],
    ['a deleted account', `delete from books.ledger_account where id = 'EUR/debt'`],
    [
      'an account that begins with a balance',
      `insert into books.ledger_account (id, ledger, code, balance_limit, credits_posted, created_at)
       values ('rich', 'EUR', 'WALLET', 'NONE', 1, now())`,
    ],
    ['a forgotten timeout', `delete from books.ledger_timeout`],
  ])('refuses %s', async (_, text) => {
    await books.make([pay('t1', 10n), pay('p', 5n, { kind: 'PENDING', timeoutSeconds: 60 })]);
    await refused(text);
    expect(await accountOf(WALLET!)).toMatchObject({ creditsPosted: 10n, creditsPending: 5n });
    await whole();
  });

  const inserted = (values: Record<string, unknown>): string => {
    const row = {
      id: 'raw',
      kind: 'POSTED',
      debit_account: HOUSE,
      credit_account: WALLET,
      ledger: 'EUR',
      amount: 1,
      code: 'PAY',
      created_at: books.clock.now().toISOString(),
      ...values,
    };
    const literals = Object.values(row).map((value) => (value === null ? 'null' : `'${value}'`));
    return `insert into books.ledger_transfer (${Object.keys(row).join(', ')}) values (${literals.join(', ')})`;
  };

  test.each<[string, Record<string, unknown>]>([
    ['takes more from a wallet than is in it', { debit_account: 'EUR/wallet-2', credit_account: 'EUR/house' }],
    ['names no account', { credit_account: 'nowhere' }],
    ['is of another ledger', { ledger: 'POINTS' }],
    ['moves nothing', { amount: 0 }],
    ['moves from an account to itself', { debit_account: 'EUR/wallet-1' }],
    ['posts what was never pending', { kind: 'POST_PENDING', pending_id: 'nothing' }],
    ['posts more than was pending', { kind: 'POST_PENDING', pending_id: 'p', amount: 6 }],
    ['voids less than was pending', { kind: 'VOID_PENDING', pending_id: 'p', amount: 4 }],
    ['posts to other accounts', { kind: 'POST_PENDING', pending_id: 'p', credit_account: 'EUR/wallet-2' }],
    ['posts a second time', { kind: 'POST_PENDING', pending_id: 'q' }],
    ['posts after the timeout', { kind: 'POST_PENDING', pending_id: 'p', created_at: '2099-01-01T00:00:00Z' }],
    ['expires before its time', { kind: 'EXPIRED', pending_id: 'p', amount: 5 }],
  ])('refuses a transfer that %s', async (_, values) => {
    const held = { kind: 'PENDING', timeoutSeconds: 60 } as const;
    await books.make([pay('p', 5n, held), pay('q', 5n, held), post('r', 'q')]);
    await expect(books.database.pool.query(inserted(values))).rejects.toThrow(/transfer|ledger_/);
    await whole();
    await books.database.pool.query(inserted({}));
    await whole();
  });
});

test('the transfers of an account are listed in pages, the latest first, from both of its sides', async () => {
  await books.make([pay('t1', 10n), spend('t2', 1n), pay('t3', 2n), pay('t4', 3n, { creditAccount: 'EUR/wallet-2' })]);
  const page = await books.ledger.queries.transferPage(WALLET!, { first: 2 });
  expect(page.nodes.map(({ id }) => id)).toEqual(['t3', 't2']);
  const next = await books.ledger.queries.transferPage(WALLET!, { first: 2, after: page.pageInfo.endCursor });
  expect(next.nodes.map(({ id }) => id)).toEqual(['t1']);
  expect(next.pageInfo.hasNextPage).toBe(false);
  expect(
    (await books.ledger.queries.transfersOf([WALLET!, 'EUR/wallet-2'])).map(({ account, id }) => [account, id]),
  ).toEqual([
    [WALLET, 't1'],
    [WALLET, 't2'],
    [WALLET, 't3'],
    ['EUR/wallet-2', 't4'],
  ]);
});
