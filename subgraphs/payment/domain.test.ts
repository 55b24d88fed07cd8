import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  cancellationOf,
  checkAuthorised,
  type Fact,
  factsOf,
  isOver,
  MAX_REFUNDS,
  mayCapture,
  progress,
  refundable,
  stillPending,
} from './domain.ts';
import { PaymentStatus } from './entities.ts';
import type { ProviderPayment, ProviderStatus } from './provider/provider.ts';

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
};
const now = new Date(0);
const state = (
  status: PaymentStatus,
  more: { pending?: 'CAPTURE' | 'CANCEL'; authorisedAt?: Date; failureCode?: string } = {},
) => ({
  status,
  pending: null,
  authorisedAt: null,
  failureCode: null,
  failure: null,
  ...more,
});

describe('evidence of the provider, delivered twice, late and in any order,', () => {
  const CAPTURE_REFUSED = { status: 'AUTHORISED', captured: 0n, currency: 'EUR', refusal: 'No.' } as const;
  const told = (status: ProviderStatus): ProviderPayment => ({
    status,
    captured: status === 'CAPTURED' ? 1n : 0n,
    currency: 'EUR',
  });
  const lives: ProviderPayment[][] = [
    ['AUTHORISED', 'CAPTURED'] as const,
    ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED'] as const,
    ['REQUIRES_ACTION', 'AUTHORISED', 'VOIDED'] as const,
    ['REQUIRES_ACTION', 'EXPIRED'] as const,
    ['REQUIRES_ACTION', 'DECLINED'] as const,
    ['AUTHORISED', 'VOIDED'] as const,
    ['DECLINED'] as const,
  ].map((life) => life.map(told));
  lives.push([told('AUTHORISED'), CAPTURE_REFUSED], [told('AUTHORISED'), CAPTURE_REFUSED, told('VOIDED')]);

  test('leads to the last status of the payment, captures at most once, and never goes back', () => {
    const deliveries = fc.constantFrom(...lives).chain((life) =>
      fc.record({
        life: fc.constant(life),
        repeats: fc.array(fc.constantFrom(...life), { maxLength: 6 }),
        salt: fc.infiniteStream(fc.nat()),
      }),
    );
    fc.assert(
      fc.property(deliveries, ({ life, repeats, salt }) => {
        const shuffled = [...life, ...repeats]
          .map((found) => ({ found, at: salt.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ found }) => found);
        const follow = (deliveries: readonly ProviderPayment[]) => {
          const facts: Fact[] = [];
          let status: PaymentStatus = 'CREATED';
          for (const found of deliveries)
            for (const step of progress(status, found)) {
              expect(after(status, step.fact)).toBe(step.status);
              facts.push(step.fact);
              status = step.status;
            }
          return { status, facts };
        };
        const { status, facts } = follow(shuffled);
        expect(status).toBe(follow(life).status);
        expect(new Set(facts).size).toBe(facts.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a payment', () => {
  test('ends in the same status in whatever order the answers about it are recorded', () => {
    // Each life is a list of the provider's answers, oldest first; the last one is true.
    const lives: ProviderStatus[][] = [
      ['AUTHORISED', 'CAPTURED'],
      ['REQUIRES_ACTION', 'AUTHORISED', 'CAPTURED'],
      ['REQUIRES_ACTION', 'AUTHORISED', 'VOIDED'],
      ['REQUIRES_ACTION', 'EXPIRED'],
      ['AUTHORISED', 'VOIDED'],
      ['VOIDED'],
      ['DECLINED'],
    ];
    const record = (status: PaymentStatus, answer: ProviderStatus): PaymentStatus =>
      factsOf({ status: answer, captured: 0n, currency: 'EUR' }).reduce((at, fact) => after(at, fact) ?? at, status);
    fc.assert(
      fc.property(
        fc
          .constantFrom(...lives)
          .chain((life) => fc.record({ life: fc.constant(life), told: fc.shuffledSubarray(life, { minLength: 1 }) })),
        ({ life, told }) => {
          const whole = life.reduce(record, 'CREATED');
          expect([...told, life.at(-1)!].reduce(record, 'CREATED')).toBe(whole);
          expect(told.reduce(record, whole)).toBe(whole);
        },
      ),
    );
  });

  test('that was declined stays declined, whatever is reported later', () => {
    expect(after('FAILED', 'AUTHORISED')).toBeUndefined();
    expect(after('FAILED', 'CAPTURED')).toBeUndefined();
  });

  test('is over when nothing is held and nothing is captured', () => {
    const over = Object.values(PaymentStatus).filter((status) => isOver(state(status)));
    expect(over).toEqual(['VOIDED', 'REFUNDED', 'FAILED']);
    expect(isOver(state('FAILED', { authorisedAt: now }))).toBe(false);
  });
});

describe('a capture', () => {
  test('is possible for an authorised payment only', () => {
    expect(mayCapture(state('AUTHORIZED'))).toBe(true);
    expect(mayCapture(state('CAPTURED'))).toBe(false);
    expect(codeOf(() => mayCapture(state('REQUIRES_ACTION')))).toBe('INVALID_STATE');
    expect(codeOf(() => mayCapture(state('VOIDED')))).toBe('PAYMENT_FAILED');
    expect(codeOf(() => mayCapture(state('FAILED')))).toBe('PAYMENT_FAILED');
  });

  test('does not begin after a cancellation has begun', () => {
    expect(codeOf(() => mayCapture(state('AUTHORIZED', { pending: 'CANCEL' })))).toBe('PAYMENT_FAILED');
  });
});

test('a cancellation is in flight until the payment is over', () => {
  expect(stillPending(state('AUTHORIZED', { pending: 'CANCEL' }))).toBe('CANCEL');
  expect(stillPending(state('CAPTURED', { pending: 'CANCEL' }))).toBe('CANCEL');
  expect(stillPending(state('REFUNDED', { pending: 'CANCEL' }))).toBeNull();
  expect(stillPending(state('CAPTURED', { pending: 'CAPTURE' }))).toBeNull();
});

test('the outcome of a cancellation is what it undid', () => {
  expect(cancellationOf(undefined)).toBe('NOTHING');
  expect(cancellationOf(state('VOIDED'))).toBe('NOTHING');
  expect(cancellationOf(state('VOIDED', { authorisedAt: now }))).toBe('VOIDED');
  expect(cancellationOf(state('REFUNDED', { authorisedAt: now }))).toBe('REFUNDED');
});

test('an authorisation is refused with the recorded reason, or because of a cancellation', () => {
  expect(codeOf(() => checkAuthorised(state('FAILED', { failureCode: 'PAYMENT_ACTION_EXPIRED' })))).toBe(
    'PAYMENT_ACTION_EXPIRED',
  );
  expect(codeOf(() => checkAuthorised(state('AUTHORIZED', { pending: 'CANCEL' })))).toBe('PAYMENT_CANCELLED');
  expect(codeOf(() => checkAuthorised(state('CREATED')))).toBe('UNAVAILABLE');
  expect(codeOf(() => checkAuthorised(state('REQUIRES_ACTION')))).toBeUndefined();
});

describe('refunds', () => {
  const payment = { status: 'PARTIALLY_REFUNDED', capturedMinor: 1000n, currency: 'EUR' } as const;

  test('never add up to more than the captured amount', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -5n, max: 1200n }), { maxLength: 20 }), (wishes) => {
        const made: bigint[] = [];
        for (const minor of wishes) {
          const sum = made.reduce((a, b) => a + b, 0n);
          const refused = codeOf(() => made.push(refundable(payment, made, { minor, currency: 'EUR' })));
          expect(refused === undefined).toBe(minor > 0n && sum + minor <= 1000n);
        }
        expect(made.reduce((a, b) => a + b, 0n)).toBeLessThanOrEqual(1000n);
      }),
    );
  });

  test('give back all that is left when no amount is given', () => {
    expect(refundable(payment, [300n, 1n], undefined)).toBe(699n);
    expect(codeOf(() => refundable(payment, [1000n], undefined))).toBe('INVALID_STATE');
  });

  test('are at most fifty in parts, and then one of all that is left', () => {
    const made = (count: number) => Array<bigint>(count).fill(1n);
    const cent = { minor: 1n, currency: 'EUR' };
    expect(refundable(payment, made(MAX_REFUNDS - 1), cent)).toBe(1n);
    expect(() => refundable(payment, made(MAX_REFUNDS), cent)).toThrow(/50 times.*leaving the amount out/);
    expect(codeOf(() => refundable(payment, made(MAX_REFUNDS), cent))).toBe('INVALID_STATE');
    expect(codeOf(() => refundable(payment, made(MAX_REFUNDS), { ...cent, minor: 951n }))).toBe(
      'REFUND_EXCEEDS_CAPTURED',
    );
    for (const all of [undefined, { ...cent, minor: 950n }])
      expect(refundable(payment, made(MAX_REFUNDS), all)).toBe(950n);
  });

  test.each([
    ['EUR', /6[.]99 EUR is left/],
    ['JPY', /: 699 JPY is left/],
    ['KWD', /: 0[.]699 KWD is left/],
  ])('of more than is left are refused with what is left, in %s', (currency, message) => {
    const ask = () => refundable({ ...payment, currency }, [300n, 1n], { minor: 700n, currency });
    expect(codeOf(ask)).toBe('REFUND_EXCEEDS_CAPTURED');
    expect(ask).toThrow(message);
  });

  test('are made in the currency of the payment, and only of a captured payment', () => {
    expect(codeOf(() => refundable(payment, [], { minor: 1n, currency: 'USD' }))).toBe('INVALID_INPUT');
    expect(codeOf(() => refundable({ ...payment, status: 'AUTHORIZED' }, [], undefined))).toBe('INVALID_STATE');
  });
});
