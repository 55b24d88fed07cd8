import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, type AccountState, type LedgerState } from './decide.ts';
import { PlainLedger } from './plain-ledger.testing.ts';
import { ACCOUNTS, course, FUNDS } from './random-transfers.testing.ts';
import { checkTransfer, type Expiry, type Movement, type NewTransfer, type Resolution } from './transfer.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

const opened = ({ id, ledger, balanceLimit = 'NONE' }: (typeof ACCOUNTS)[number]): AccountState => ({
  id,
  ledger,
  balanceLimit,
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
});

/** A ledger in memory by the real rules. */
function ledger() {
  const state: LedgerState = {
    accounts: new Map(ACCOUNTS.map((account) => [account.id, opened(account)])),
    transfers: new Map(),
    resolutions: new Map(),
  };
  const make = (transfers: readonly (NewTransfer | Expiry)[], now = NOW) => decide(state, transfers, now).results;
  const outcomes = (transfers: readonly (NewTransfer | Expiry)[], now = NOW) =>
    make(transfers, now).map(({ outcome }) => outcome);
  return { state, make, outcomes };
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
const resolve = (kind: 'POST_PENDING' | 'VOID_PENDING', id: string, more: Partial<Resolution> = {}): Resolution => ({
  kind,
  id,
  code: 'PAY',
  pendingId: 'p',
  ...more,
});

describe('a limited account', () => {
  test('is debited to zero and no further, pending debits included, and pending credits do not count', () => {
    const { outcomes } = ledger();
    expect(
      outcomes([
        pay('t1', 10n),
        pay('t2', 5n, { kind: 'PENDING' }),
        spend('t3', 4n, { kind: 'PENDING' }),
        spend('t4', 7n),
        spend('t5', 6n),
        spend('t6', 1n),
      ]),
    ).toEqual(['CREATED', 'CREATED', 'CREATED', 'EXCEEDS_CREDITS', 'CREATED', 'EXCEEDS_CREDITS']);
  });

  test('of debits is the mirror of it', () => {
    const { outcomes } = ledger();
    const lend = pay('t1', 10n, { debitAccount: 'EUR/debt', creditAccount: HOUSE! });
    const repay = (id: string, amount: bigint) => pay(id, amount, { creditAccount: 'EUR/debt' });
    expect(outcomes([lend, repay('t2', 11n), repay('t3', 10n), repay('t4', 1n)])).toEqual([
      'CREATED',
      'EXCEEDS_DEBITS',
      'CREATED',
      'EXCEEDS_DEBITS',
    ]);
  });
});

describe('a pending transfer', () => {
  const pending = (more: Partial<Movement> = {}) => pay('p', 10n, { kind: 'PENDING', ...more });

  test('reserves its amount, and is posted in part: the rest is released', () => {
    const { state, make } = ledger();
    make([pending()]);
    expect(state.accounts.get(WALLET!)).toMatchObject({ creditsPending: 10n, creditsPosted: 0n });
    expect(make([resolve('POST_PENDING', 't1', { amount: 4n })])).toEqual([
      { id: 't1', outcome: 'CREATED', amount: 4n },
    ]);
    expect(state.accounts.get(WALLET!)).toMatchObject({ creditsPending: 0n, creditsPosted: 4n });
    expect(state.accounts.get(HOUSE!)).toMatchObject({ debitsPending: 0n, debitsPosted: 4n });
  });

  test('is resolved once, and says how it was', () => {
    const { outcomes } = ledger();
    expect(
      outcomes([
        pending(),
        resolve('POST_PENDING', 't1', { amount: 11n }),
        resolve('POST_PENDING', 't2'),
        resolve('VOID_PENDING', 't3'),
        resolve('POST_PENDING', 't2'),
      ]),
    ).toEqual(['CREATED', 'EXCEEDS_PENDING_TRANSFER_AMOUNT', 'CREATED', 'PENDING_TRANSFER_ALREADY_POSTED', 'EXISTS']);
  });

  test('with a timeout is posted until its last millisecond, and from then on only expires', () => {
    const expire: Expiry = { kind: 'EXPIRED', id: 'e', pendingId: 'p', code: 'TIMEOUT' };
    const early = ledger();
    early.make([pending({ timeoutSeconds: 60 })]);
    expect(early.outcomes([expire], at(59.999))).toEqual(['PENDING_TRANSFER_NOT_EXPIRED']);
    expect(early.outcomes([resolve('POST_PENDING', 't1')], at(59.999))).toEqual(['CREATED']);
    expect(early.outcomes([expire], at(60))).toEqual(['PENDING_TRANSFER_ALREADY_POSTED']);
    const late = ledger();
    late.make([pending({ timeoutSeconds: 60 })]);
    expect(late.outcomes([resolve('POST_PENDING', 't1'), resolve('VOID_PENDING', 't2')], at(60))).toEqual([
      'PENDING_TRANSFER_EXPIRED',
      'PENDING_TRANSFER_EXPIRED',
    ]);
    expect(late.state.accounts.get(WALLET!)!.creditsPending).toBe(10n);
    expect(late.outcomes([expire, resolve('POST_PENDING', 't3')], at(60))).toEqual([
      'CREATED',
      'PENDING_TRANSFER_EXPIRED',
    ]);
    expect(late.state.accounts.get(WALLET!)!.creditsPending).toBe(0n);
  });

  test('must exist and be pending', () => {
    const { outcomes } = ledger();
    expect(outcomes([resolve('POST_PENDING', 't1'), pay('p', 1n), resolve('VOID_PENDING', 't2')])).toEqual([
      'PENDING_TRANSFER_NOT_FOUND',
      'CREATED',
      'PENDING_TRANSFER_NOT_PENDING',
    ]);
  });
});

describe('linked transfers', () => {
  test('are made together or not at all, and the reason stands at the one that failed', () => {
    const { state, outcomes } = ledger();
    const chain = [pay('t1', 10n, { linked: true }), spend('t2', 11n, { linked: true }), pay('t3', 1n)];
    expect(outcomes([...chain, pay('t4', 2n)])).toEqual([
      'LINKED_TRANSFER_FAILED',
      'EXCEEDS_CREDITS',
      'LINKED_TRANSFER_FAILED',
      'CREATED',
    ]);
    expect(state.accounts.get(WALLET!)!.creditsPosted).toBe(2n);
    expect([...state.transfers.keys()]).toEqual(['t4']);
  });

  test('that resolve a pending one and fail leave it pending', () => {
    const { state, outcomes } = ledger();
    outcomes([pay('p', 10n, { kind: 'PENDING' })]);
    expect(outcomes([resolve('POST_PENDING', 't1', { linked: true }), spend('t2', 11n)])).toEqual([
      'LINKED_TRANSFER_FAILED',
      'EXCEEDS_CREDITS',
    ]);
    expect(state.accounts.get(WALLET!)).toMatchObject({ creditsPending: 10n, creditsPosted: 0n });
    expect(outcomes([resolve('VOID_PENDING', 't3')])).toEqual(['CREATED']);
  });

  test('may be repeated, and their ids are free after a failure', () => {
    const { outcomes } = ledger();
    const chain = [pay('t1', 10n, { linked: true }), spend('t2', 10n)];
    expect(outcomes([spend('t2', 10n)])).toEqual(['EXCEEDS_CREDITS']);
    expect(outcomes(chain)).toEqual(['CREATED', 'CREATED']);
    expect(outcomes(chain)).toEqual(['EXISTS', 'EXISTS']);
  });

  test('without an end are refused', () => {
    expect(ledger().outcomes([pay('t1', 1n), pay('t2', 1n, { linked: true })])).toEqual([
      'CREATED',
      'LINKED_CHAIN_OPEN',
    ]);
  });
});

test('a balancing transfer moves as much as there is, and repeated with the same limit is the same', () => {
  const { make } = ledger();
  const all = spend('t2', 1000n, { balancing: 'DEBIT' });
  expect(
    make([pay('t1', 7n), all, all, spend('t2', 6n, { balancing: 'DEBIT' }), spend('t3', 5n, { balancing: 'DEBIT' })]),
  ).toEqual([
    { id: 't1', outcome: 'CREATED', amount: 7n },
    { id: 't2', outcome: 'CREATED', amount: 7n },
    { id: 't2', outcome: 'EXISTS', amount: 7n },
    { id: 't2', outcome: 'EXISTS_WITH_DIFFERENT_AMOUNT' },
    { id: 't3', outcome: 'EXCEEDS_CREDITS' },
  ]);
});

test('balances end where PostgreSQL can no longer count', () => {
  const { outcomes } = ledger();
  const most = 2n ** 63n - 1n;
  expect(outcomes([pay('t1', most), pay('t2', 1n), pay('t3', 1n, { kind: 'PENDING' })])).toEqual([
    'CREATED',
    'OVERFLOWS',
    'OVERFLOWS',
  ]);
});

test.each<[string, Partial<Movement>, string]>([
  ['another kind', { kind: 'PENDING' }, 'EXISTS_WITH_DIFFERENT_KIND'],
  ['another debit account', { debitAccount: 'EUR/debt' }, 'EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT'],
  ['another credit account', { creditAccount: 'EUR/wallet-2' }, 'EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT'],
  ['another amount', { amount: 2n }, 'EXISTS_WITH_DIFFERENT_AMOUNT'],
  ['another reference', { reference: 'order_2' }, 'EXISTS_WITH_DIFFERENT_REFERENCE'],
  ['another ledger', { ledger: 'POINTS' }, 'EXISTS_WITH_DIFFERENT_LEDGER'],
  ['another code', { code: 'OTHER' }, 'EXISTS_WITH_DIFFERENT_CODE'],
  ['nothing else', { occurredAt: at(-60) }, 'EXISTS'],
])('a transfer that exists with %s is told so', (_, more, outcome) => {
  expect(ledger().outcomes([pay('t1', 1n), pay('t1', 1n, more)])).toEqual(['CREATED', outcome]);
});

test('a pending transfer that exists with another timeout is told so', () => {
  const held = (timeoutSeconds: number | undefined) => pay('p', 1n, { kind: 'PENDING', timeoutSeconds });
  expect(ledger().outcomes([held(60), held(61), held(undefined), held(60)])).toEqual([
    'CREATED',
    'EXISTS_WITH_DIFFERENT_TIMEOUT',
    'EXISTS_WITH_DIFFERENT_TIMEOUT',
    'EXISTS',
  ]);
});

test.each<[string, Partial<Movement>, string]>([
  ['unknown debit account', { debitAccount: 'nowhere' }, 'DEBIT_ACCOUNT_NOT_FOUND'],
  ['unknown credit account', { creditAccount: 'nowhere' }, 'CREDIT_ACCOUNT_NOT_FOUND'],
  ['single account', { creditAccount: HOUSE! }, 'ACCOUNTS_MUST_BE_DIFFERENT'],
  ['account of another ledger', { creditAccount: 'POINTS/wallet-1' }, 'ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER'],
  ['ledger that is not its accounts’', { ledger: 'POINTS' }, 'TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS'],
])('a transfer with an %s is refused', (_, more, outcome) => {
  expect(ledger().outcomes([pay('t1', 1n, more)])).toEqual([outcome]);
});

test.each<[string, NewTransfer]>([
  ['an amount of nothing', pay('t1', 0n)],
  ['an amount below nothing', pay('t1', -1n)],
  ['no id', pay('', 1n)],
  ['a code of too many characters', pay('t1', 1n, { code: 'x'.repeat(51) })],
  ['a timeout, and is not pending', pay('t1', 1n, { timeoutSeconds: 1 })],
  ['a timeout of nothing', pay('t1', 1n, { kind: 'PENDING', timeoutSeconds: 0 })],
  ['an amount, and voids', resolve('VOID_PENDING', 't1', { amount: 1n })],
])('a transfer that has %s is an error, whatever the ledger holds', (_, transfer) => {
  expect(() => checkTransfer(transfer)).toThrow(RangeError);
});

test('every course of transfers gives the answers and the balances of a plain ledger that sums up its list', () => {
  fc.assert(
    fc.property(course, (happenings) => {
      const real = ledger();
      const plain = new PlainLedger(ACCOUNTS);
      let now = NOW;
      const both = (transfers: readonly (NewTransfer | Expiry)[]) =>
        expect(real.make(transfers, now)).toEqual(plain.make(transfers, now));
      both(FUNDS);
      for (const happening of happenings) {
        if (happening === 'EXPIRE')
          both(plain.due(now).map((pendingId) => ({ kind: 'EXPIRED', id: `${pendingId}/e`, pendingId, code: 'T' })));
        else if ('seconds' in happening) now = new Date(now.getTime() + happening.seconds * 1000);
        else both(happening.transfers);
      }
      for (const { id } of ACCOUNTS) expect(real.state.accounts.get(id)).toMatchObject(plain.balances(id));
    }),
    { numRuns: 1000 },
  );
});
