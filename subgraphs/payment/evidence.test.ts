import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOver, progress } from './domain.ts';
import { PaymentStatus } from './entities.ts';
import { checkEvidence, checkRefundEvidence, type Recorded } from './evidence.ts';
import type { ProviderStatus } from './provider/provider.ts';

const STATUSES: ProviderStatus[] = ['REQUIRES_ACTION', 'AUTHORISED', 'DECLINED', 'EXPIRED', 'CAPTURED', 'VOIDED'];
const AT = new Date(0);
const recorded = (status: PaymentStatus, more: Partial<Recorded> = {}): Recorded => ({
  status,
  amountMinor: 10_000n,
  currency: 'EUR',
  authorisedAt: null,
  actionUrl: null,
  ...more,
});
const contradicts = (payment: Recorded, status: ProviderStatus, captured: bigint, currency: string | null): boolean => {
  try {
    checkEvidence(payment, { status, captured, currency });
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'EVIDENCE_CONTRADICTS' });
    return true;
  }
};

describe('evidence of a payment of 100.00 EUR that waits for its buyer', () => {
  const waiting = recorded('REQUIRES_ACTION', { actionUrl: 'https://bank.example' });

  test.each<[ProviderStatus, bigint, string | null]>([
    ['CAPTURED', 0n, 'EUR'],
    ['CAPTURED', 1n, null],
    ['CAPTURED', 1n, 'EUR'],
    ['CAPTURED', 5_000n, 'EUR'],
    ['CAPTURED', 20_000n, 'EUR'],
    ['CAPTURED', -10_000n, 'EUR'],
    ['CAPTURED', 10_000n, 'USD'],
    ['CAPTURED', 10_000n, 'eur'],
    ['CAPTURED', 10_000n, ''],
    ['CAPTURED', 10_000n, null],
    ['CAPTURED', 999_999_999n, null],
    ['CAPTURED', 9_999_999_999_999_999_999n, 'EUR'],
    ['AUTHORISED', 10_000n, 'EUR'],
    ['AUTHORISED', 0n, null],
    ['AUTHORISED', 0n, 'USD'],
    ['DECLINED', 10_000n, 'EUR'],
    ['DECLINED', 0n, null],
    ['EXPIRED', 1n, 'EUR'],
    ['REQUIRES_ACTION', 1n, 'EUR'],
    ['VOIDED', 10_000n, 'EUR'],
    ['VOIDED', 0n, 'JPY'],
    ['VOIDED', 0n, null],
  ])('that says %s with %s %s captured contradicts itself or the payment', (status, captured, currency) => {
    expect(contradicts(waiting, status, captured, currency)).toBe(true);
  });

  test.each(STATUSES)('that says %s is believed with the matching amount', (status) => {
    expect(contradicts(waiting, status, status === 'CAPTURED' ? 10_000n : 0n, 'EUR')).toBe(false);
  });
});

test('only a reference that was voided before it was opened has no currency', () => {
  const without = (payment: Recorded) => contradicts(payment, 'VOIDED', 0n, null);
  expect(without(recorded('CREATED'))).toBe(false);
  expect(without(recorded('VOIDED'))).toBe(false);
  expect(without(recorded('VOIDED', { authorisedAt: AT }))).toBe(true);
  expect(without(recorded('VOIDED', { actionUrl: 'https://bank.example' }))).toBe(true);
  for (const status of ['REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED', 'FAILED'] as const)
    expect(without(recorded(status))).toBe(true);
});

test('late evidence is no contradiction; evidence that no life of the recorded payment contains is one', () => {
  const held = { authorisedAt: AT };
  const contradicting = (payment: Recorded) =>
    STATUSES.filter((status) => contradicts(payment, status, status === 'CAPTURED' ? 10_000n : 0n, 'EUR')).join(' ');
  expect(contradicting(recorded('CREATED'))).toBe('');
  expect(contradicting(recorded('REQUIRES_ACTION'))).toBe('');
  expect(contradicting(recorded('AUTHORIZED', held))).toBe('DECLINED EXPIRED');
  for (const status of ['CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'] as const)
    expect(contradicting(recorded(status, held))).toBe('DECLINED EXPIRED VOIDED');
  expect(contradicting(recorded('VOIDED', held))).toBe('DECLINED EXPIRED CAPTURED');
  expect(contradicting(recorded('VOIDED'))).toBe('CAPTURED');
  expect(contradicting(recorded('FAILED', held))).toBe('DECLINED EXPIRED CAPTURED');
  expect(contradicting(recorded('FAILED'))).toBe('AUTHORISED CAPTURED');
});

test('a refund is believed of a captured payment only', () => {
  for (const status of STATUSES) {
    const check = () => checkRefundEvidence({ status }, 'refund_1');
    if (status === 'CAPTURED') expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'EVIDENCE_CONTRADICTS' }));
  }
});

test('in any state and for any evidence, no more is recorded as captured than the evidence proves, and a payment that is over stays over', () => {
  const state = fc.record({
    status: fc.constantFrom(...Object.values(PaymentStatus)),
    authorisedAt: fc.constantFrom(null, AT),
    actionUrl: fc.constantFrom(null, 'https://bank.example'),
    amountMinor: fc.constantFrom(1n, 10_000n, 2n ** 63n - 1n),
    currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
  });
  const evidence = state.chain((payment) =>
    fc.record({
      payment: fc.constant(payment),
      status: fc.constantFrom(...STATUSES),
      captured: fc.oneof(fc.constantFrom(0n, payment.amountMinor, payment.amountMinor - 1n), fc.bigInt()),
      currency: fc.constantFrom(payment.currency, 'USD', '', null),
    }),
  );
  fc.assert(
    fc.property(evidence, ({ payment, status, captured, currency }) => {
      if (contradicts(payment, status, captured, currency)) return;
      expect(captured).toBe(status === 'CAPTURED' ? payment.amountMinor : 0n);
      if (status !== 'VOIDED') expect(currency).toBe(payment.currency);
      const news = progress(payment.status, { status, captured, currency });
      const last = news.at(-1)?.status ?? payment.status;
      if (news.some(({ fact }) => fact === 'CAPTURED')) expect(status).toBe('CAPTURED');
      // A capture that is believed is recorded as one: no money is taken without a record.
      if (status === 'CAPTURED') expect(['CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED']).toContain(last);
      if (isOver(payment)) expect(isOver({ status: last, authorisedAt: payment.authorisedAt })).toBe(true);
    }),
    { numRuns: 5000 },
  );
});
