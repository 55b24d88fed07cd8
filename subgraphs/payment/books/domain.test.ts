import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PaymentStatus } from '../entities.ts';
import { accountsOf, type Moved, movedSoFar, type PaymentToBook, transferOf } from './domain.ts';

const at = new Date('2026-06-01T12:00:00Z');
const moved = (fact: Moved['fact'], more: Partial<Moved> = {}): Moved => ({
  fact,
  paymentId: 'payment_1',
  orderId: 'order_1',
  amountMinor: 1000n,
  currency: 'EUR',
  at,
  ...more,
});

test('an authorisation reserves what the provider will owe, and the capture and the void resolve it', () => {
  expect(transferOf(moved('AUTHORISED'))).toMatchObject({
    kind: 'PENDING',
    id: 'payment_1/authorisation',
    debitAccount: 'provider/EUR',
    creditAccount: 'payment_1',
    amount: 1000n,
  });
  expect(transferOf(moved('CAPTURED'))).toMatchObject({ kind: 'POST_PENDING', pendingId: 'payment_1/authorisation' });
  expect(transferOf(moved('VOIDED'))).toMatchObject({ kind: 'VOID_PENDING', pendingId: 'payment_1/authorisation' });
});

test('a refund goes back, by its own id', () => {
  expect(transferOf(moved('REFUNDED', { refundId: 'refund_1', amountMinor: 400n }))).toMatchObject({
    kind: 'POSTED',
    id: 'refund_1',
    debitAccount: 'payment_1',
    creditAccount: 'provider/EUR',
    amount: 400n,
  });
});

test('a payment has an account that does not go below zero, and the provider one for each currency', () => {
  const begun = ['EUR', 'JPY', 'EUR'].map((currency, n) =>
    moved('AUTHORISED', { paymentId: `payment_${n}`, currency }),
  );
  expect(accountsOf([...begun, moved('CAPTURED', { currency: 'USD' })])).toEqual([
    { id: 'provider/EUR', ledger: 'EUR', code: 'PROVIDER_CLEARING' },
    { id: 'provider/JPY', ledger: 'JPY', code: 'PROVIDER_CLEARING' },
    ...begun.map(({ paymentId, currency }) => ({
      id: paymentId,
      ledger: currency,
      code: 'PAYMENT',
      reference: 'order_1',
      balanceLimit: 'DEBITS_WITHIN_CREDITS',
    })),
  ]);
});

const row = (status: PaymentStatus, more: Partial<PaymentToBook> = {}): PaymentToBook => ({
  id: 'payment_1',
  orderId: 'order_1',
  customerId: null,
  amountMinor: 1000n,
  capturesAtOnce: true,
  currency: 'EUR',
  status,
  pending: null,
  authorisedAt: at,
  capturedMinor: 0n,
  refundedMinor: 0n,
  actionUrl: null,
  actionExpiresAt: null,
  failureCode: null,
  failure: null,
  version: 1,
  createdAt: at,
  updatedAt: new Date('2026-06-02T12:00:00Z'),
  refunds: [],
  ...more,
});
const refunds = [{ id: 'refund_1', amountMinor: 400n, createdAt: at }];

test.each<[string, PaymentToBook, (string | null)[][]]>([
  ['nothing, if nothing was ever held', row('FAILED', { authorisedAt: null }), []],
  ['nothing, if it was voided before it was held', row('VOIDED', { authorisedAt: null }), []],
  ['what is held', row('AUTHORIZED'), [['AUTHORISED', at.toISOString()]]],
  ['what is held though the capture was refused', row('FAILED'), [['AUTHORISED', at.toISOString()]]],
  [
    'what was voided',
    row('VOIDED'),
    [
      ['AUTHORISED', at.toISOString()],
      ['VOIDED', '2026-06-02T12:00:00.000Z'],
    ],
  ],
  [
    'what was captured',
    row('CAPTURED', { capturedMinor: 1000n }),
    [
      ['AUTHORISED', at.toISOString()],
      ['CAPTURED', '2026-06-02T12:00:00.000Z'],
    ],
  ],
  [
    'what was refunded, and no time of a capture that is not known',
    row('PARTIALLY_REFUNDED', { capturedMinor: 1000n, refundedMinor: 400n, refunds }),
    [
      ['AUTHORISED', at.toISOString()],
      ['CAPTURED', null],
      ['REFUNDED', at.toISOString()],
    ],
  ],
])('a payment that was there before its books is booked with %s', (_, payment, facts) => {
  expect(movedSoFar(payment).map(({ fact, at }) => [fact, at?.toISOString() ?? null])).toEqual(facts);
});

test('every fact of a payment has an id of its own, the same each time', () => {
  const fact = fc.constantFrom<Moved['fact']>('AUTHORISED', 'CAPTURED', 'VOIDED', 'REFUNDED');
  const some = fc.record({ fact, n: fc.nat(3), refund: fc.nat(3) });
  fc.assert(
    fc.property(some, some, (one, other) => {
      const idOf = ({ fact, n, refund }: typeof one): string =>
        transferOf(moved(fact, { paymentId: `payment_${n}`, refundId: `refund_${n}_${refund}` })).id;
      const isSame =
        one.fact === other.fact && one.n === other.n && (one.fact !== 'REFUNDED' || one.refund === other.refund);
      expect(idOf(one) === idOf(other)).toBe(isSame);
    }),
  );
});
