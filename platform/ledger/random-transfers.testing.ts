/** Random transfers for fast-check, among few accounts and ids, so that every rule is met often. */
import fc from 'fast-check';
import type { NewAccount } from './account.ts';
import type { NewTransfer } from './transfer.ts';

/** Accounts of two ledgers: one without a limit in each, to pay from, and limited ones of both kinds. */
export const ACCOUNTS: readonly NewAccount[] = ['EUR', 'POINTS'].flatMap((ledger): NewAccount[] => [
  { id: `${ledger}/house`, ledger, code: 'HOUSE' },
  { id: `${ledger}/wallet-1`, ledger, code: 'WALLET', reference: 'customer_1', balanceLimit: 'DEBITS_WITHIN_CREDITS' },
  { id: `${ledger}/wallet-2`, ledger, code: 'WALLET', reference: 'customer_2', balanceLimit: 'DEBITS_WITHIN_CREDITS' },
  { id: `${ledger}/debt`, ledger, code: 'DEBT', balanceLimit: 'CREDITS_WITHIN_DEBITS' },
]);

const account = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...ACCOUNTS.filter(({ ledger }) => ledger === 'EUR').map(({ id }) => id)) },
  { weight: 2, arbitrary: fc.constantFrom(...ACCOUNTS.map(({ id }) => id)) },
  { weight: 1, arbitrary: fc.constant('nowhere') },
);
const id = fc.integer({ min: 0, max: 40 }).map((n) => `t${n}`);
const amount = fc.bigInt({ min: 1n, max: 30n });
const common = {
  id,
  code: fc.oneof({ weight: 12, arbitrary: fc.constant('MOVE') }, { weight: 1, arbitrary: fc.constant('OTHER') }),
  reference: fc.option(fc.constant('order_1'), { nil: undefined, freq: 12 }),
  linked: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
};
const movement = {
  ...common,
  debitAccount: account,
  creditAccount: account,
  ledger: fc.oneof({ weight: 12, arbitrary: fc.constant('EUR') }, { weight: 1, arbitrary: fc.constant('POINTS') }),
  amount,
  balancing: fc.option(fc.constantFrom('DEBIT' as const, 'CREDIT' as const), { nil: undefined, freq: 4 }),
};

const transfer: fc.Arbitrary<NewTransfer> = fc.oneof(
  fc.record({ kind: fc.constant('POSTED' as const), ...movement }),
  fc.record({
    kind: fc.constant('PENDING' as const),
    ...movement,
    timeoutSeconds: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('POST_PENDING' as const),
    ...common,
    pendingId: id,
    amount: fc.option(amount, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('VOID_PENDING' as const), ...common, pendingId: id }),
);

/** Money in the wallets, so that not every transfer fails for want of it. */
export const FUNDS: readonly NewTransfer[] = ACCOUNTS.filter(({ code }) => code === 'WALLET').map(({ id, ledger }) => ({
  kind: 'POSTED',
  id: `fund ${id}`,
  code: 'FUND',
  debitAccount: `${ledger}/house`,
  creditAccount: id,
  ledger,
  amount: 100n,
}));

/** What happens to a ledger: a list of transfers, seconds that pass, or a run of the job that expires. */
export type Happening = { transfers: NewTransfer[] } | { seconds: number } | 'EXPIRE';

/** A course of happenings. */
export const course: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ transfers: fc.array(transfer, { minLength: 1, maxLength: 12 }) }) },
    { weight: 2, arbitrary: fc.record({ seconds: fc.integer({ min: 1, max: 15 }) }) },
    { weight: 1, arbitrary: fc.constant('EXPIRE' as const) },
  ),
  { minLength: 1, maxLength: 12 },
);
