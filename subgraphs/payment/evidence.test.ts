import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOver, progress } from './domain.ts';
import { PaymentStatus } from './entities.ts';
import { checkEvidence, checkRefundEvidence, type Recorded } from './evidence.ts';
import type { ProviderPayment, ProviderStatus } from './provider/provider.ts';

const STATUSES: ProviderStatus[] = ['REQUIRES_ACTION', 'AUTHORISED', 'DECLINED', 'EXPIRED', 'CAPTURED', 'VOIDED'];
const AT = new Date(0);
const recorded = (status: PaymentStatus, more: Partial<Recorded> = {}): Recorded => ({
  status,
  amountMinor: 10_000n,
  currency: 'EUR',
  authorisedAt: null,
  actionUrl: null,
  pending: null,
  capturesAtOnce: false,
  createdAt: AT,
  ...more,
});
const ACTION = { url: 'https://bank.example/3ds', expiresAt: new Date(600_000) };
const contradicts = (
  payment: Recorded,
  status: ProviderStatus,
  captured: bigint,
  currency: string | null,
  more: Pick<ProviderPayment, 'action' | 'refusal'> = status === 'REQUIRES_ACTION' ? { action: ACTION } : {},
): boolean => {
  try {
    checkEvidence(payment, { status, captured, currency, ...more });
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

describe('an action of the buyer', () => {
  const told = (status: ProviderStatus, action?: ProviderPayment['action']) =>
    contradicts(recorded('CREATED'), status, status === 'CAPTURED' ? 10_000n : 0n, 'EUR', { action });

  test('is there if and only if the payment requires one', () => {
    for (const status of STATUSES) {
      expect(told(status, ACTION)).toBe(status !== 'REQUIRES_ACTION');
      expect(told(status)).toBe(status === 'REQUIRES_ACTION');
    }
  });

  test.each([
    ['javascript:alert(1)', true],
    ['data:text/html,x', true],
    ['//bank.example', true],
    ['', true],
    [`https://bank.example/${'a'.repeat(1980)}`, true],
    [`https://bank.example/${'a'.repeat(1970)}`, false],
    ['http://127.0.0.1:4000/3ds', false],
  ])('at %s contradicts: %s', (url, isImpossible) => {
    expect(told('REQUIRES_ACTION', { ...ACTION, url })).toBe(isImpossible);
  });

  const DAY = 86_400_000;
  test.each([
    [-DAY, true],
    [-DAY + 1, false],
    [31 * DAY, false],
    [31 * DAY + 1, true],
    [Date.UTC(9999, 11, 31), true],
    [8.64e15, true],
    [Number.NaN, true],
  ])('that ends %s ms after the payment was made contradicts: %s', (ms, isImpossible) => {
    expect(told('REQUIRES_ACTION', { ...ACTION, expiresAt: new Date(ms) })).toBe(isImpossible);
  });
});

describe('a refusal', () => {
  const told = (payment: Recorded, status: ProviderStatus, refusal: string | undefined = 'no') =>
    contradicts(payment, status, status === 'CAPTURED' ? 10_000n : 0n, 'EUR', {
      refusal,
      action: status === 'REQUIRES_ACTION' ? ACTION : undefined,
    });

  test('is of no payment that was captured, or that waits for its buyer', () => {
    const refused = STATUSES.filter((status) => told(recorded('REQUIRES_ACTION'), status));
    expect(refused).toEqual(['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED']);
    expect(told(recorded('REQUIRES_ACTION'), 'DECLINED')).toBe(false);
  });

  test.each<[PaymentStatus, Recorded['pending'], boolean]>([
    ['CREATED', 'AUTHORISE', true],
    ['REQUIRES_ACTION', null, true],
    ['AUTHORIZED', null, true],
    ['AUTHORIZED', 'CAPTURE', false],
    ['AUTHORIZED', 'CANCEL', false],
    ['FAILED', null, false],
    ['VOIDED', null, false],
  ])('of a capture, for a payment that is %s with %s pending, contradicts: %s', (status, pending, isImpossible) => {
    expect(told(recorded(status, { pending, authorisedAt: status === 'FAILED' ? AT : null }), 'AUTHORISED')).toBe(
      isImpossible,
    );
  });

  test.each<[PaymentStatus, Partial<Recorded>, boolean]>([
    ['CREATED', { pending: 'AUTHORISE' }, false],
    ['CREATED', { pending: 'CANCEL' }, false],
    ['AUTHORIZED', {}, false],
    ['REQUIRES_ACTION', { actionUrl: ACTION.url }, true],
    ['AUTHORIZED', { actionUrl: ACTION.url }, true],
    ['AUTHORIZED', { actionUrl: ACTION.url, pending: 'CAPTURE' }, false],
  ])('of the capture of a charge that is %s with %j, contradicts: %s', (status, more, isImpossible) => {
    expect(told(recorded(status, { capturesAtOnce: true, ...more }), 'AUTHORISED')).toBe(isImpossible);
  });
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
    pending: fc.constant(null),
    capturesAtOnce: fc.boolean(),
    createdAt: fc.constant(AT),
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
