import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { after, type OrderFact } from './domain.ts';
import type { CustomerOrderRow } from './entities.ts';

const placed: OrderFact = {
  fact: 'PLACED',
  id: 'order_1',
  version: 1,
  customerId: 'customer_1',
  status: 'PENDING',
  currency: 'EUR',
  totalMinor: 1000n,
  placedAt: new Date(0),
} as OrderFact;
const moved = (version: number, status: string): OrderFact => ({ fact: 'MOVED', id: 'order_1', version, status });
const paid = (version: number, paymentStatus: string, refundedMinor = 0n): OrderFact => ({
  fact: 'PAID',
  id: 'order_1',
  version,
  paymentStatus,
  refundedMinor,
});
const all = (facts: readonly OrderFact[], from?: CustomerOrderRow) => facts.reduce(after, from);

describe('a customer’s order', () => {
  test('follows its events', () => {
    expect(all([placed, moved(2, 'CONFIRMED'), moved(3, 'PROCESSING'), paid(4, 'PARTIALLY_REFUNDED', 300n)])).toEqual({
      id: 'order_1',
      customerId: 'customer_1',
      currency: 'EUR',
      totalMinor: 1000n,
      placedAt: new Date(0),
      status: 'PROCESSING',
      refundedMinor: 300n,
      version: 4,
    });
  });

  test('is refunded by each of its refunds, and whole if its payment is, whatever the last refund said', () => {
    const some = [placed, paid(2, 'PARTIALLY_REFUNDED', 300n), paid(3, 'PARTIALLY_REFUNDED', 200n)];
    expect(all(some)?.refundedMinor).toBe(500n);
    expect(all([...some, paid(4, 'REFUNDED', 500n)])?.refundedMinor).toBe(1000n);
    expect(all([...some, paid(4, 'REFUNDED')])?.refundedMinor).toBe(1000n);
  });

  test('of which nothing is known, as a guest’s, stays unknown', () => {
    expect(all([moved(2, 'CONFIRMED'), paid(3, 'REFUNDED')])).toBeUndefined();
  });

  test('is the same wherever it was filled from its owner in between, and whichever facts come again', () => {
    const steps = fc.array(
      fc.oneof(
        fc.constantFrom('CONFIRMED', 'PROCESSING', 'SHIPPED', 'CANCELLED').map((status) => ({ status })),
        fc.bigInt(1n, 50n).map((refunded) => ({ refunded })),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, fc.nat(12), fc.nat(12), (some, filled, again) => {
        const facts = [
          placed,
          ...some.map((step, n) =>
            'status' in step ? moved(n + 2, step.status) : paid(n + 2, 'PARTIALLY_REFUNDED', step.refunded),
          ),
        ];
        const whole = all(facts);
        expect(all(facts.slice(Math.min(filled, again)), all(facts.slice(0, filled + 1)))).toEqual(whole);
      }),
    );
  });
});
