import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../../platform/errors.ts';
import {
  type Allocation,
  allocate,
  checkChange,
  checkLines,
  type FreeStock,
  isSameDemand,
  type Line,
  sumDemand,
} from './domain.ts';

const site = (locationId: string, priority: number, available: number, variantId = 'v'): FreeStock => ({
  variantId,
  locationId,
  priority,
  available,
});
const refusalOf = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('an allocation', () => {
  test('takes from the location that serves first', () => {
    expect(allocate([{ variantId: 'v', quantity: 2 }], [site('b', 20, 5), site('a', 10, 5)])).toEqual([
      { variantId: 'v', locationId: 'a', quantity: 2 },
    ]);
  });

  test('prefers one location that has all over an earlier one that has some', () => {
    expect(allocate([{ variantId: 'v', quantity: 4 }], [site('a', 10, 3), site('b', 20, 4), site('c', 30, 9)])).toEqual(
      [{ variantId: 'v', locationId: 'b', quantity: 4 }],
    );
  });

  test('is split by priority when no location has all', () => {
    expect(allocate([{ variantId: 'v', quantity: 6 }], [site('a', 30, 3), site('b', 10, 2), site('c', 20, 3)])).toEqual(
      [
        { variantId: 'v', locationId: 'a', quantity: 1 },
        { variantId: 'v', locationId: 'b', quantity: 2 },
        { variantId: 'v', locationId: 'c', quantity: 3 },
      ],
    );
  });

  test('sums the lines of a variant before it looks at the stock', () => {
    const lines = [
      { variantId: 'v', quantity: 1 },
      { variantId: 'v', quantity: 1 },
    ];
    expect(refusalOf(() => allocate(lines, [site('a', 10, 1)])).userErrors).toEqual([
      expect.objectContaining({
        __typename: 'InsufficientStock',
        code: 'INSUFFICIENT_STOCK',
        available: 1,
        variantId: 'v',
        path: ['input', 'lines', '0', 'quantity'],
      }),
    ]);
  });

  test('is refused whole, and names every variant that is short', () => {
    const lines = ['v', 'w', 'x'].map((variantId) => ({ variantId, quantity: 2 }));
    const { userErrors } = refusalOf(() => allocate(lines, [site('a', 10, 9, 'v'), site('a', 10, 1, 'w')]));
    expect(userErrors.map(({ variantId, available, path }) => [variantId, available, path?.[2]])).toEqual([
      ['w', 1, '1'],
      ['x', 0, '2'],
    ]);
  });
});

describe('for any demand and any stock', () => {
  const ids = fc.constantFrom('v', 'w', 'x');
  const lines = fc.array(fc.record({ variantId: ids, quantity: fc.integer({ min: 1, max: 12 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  const stock = fc.uniqueArray(
    fc.record({
      variantId: ids,
      locationId: fc.constantFrom('a', 'b', 'c', 'd'),
      priority: fc.integer({ min: 0, max: 3 }),
      available: fc.integer({ min: 0, max: 15 }),
    }),
    { selector: ({ variantId, locationId }) => `${variantId}/${locationId}`, maxLength: 12 },
  );
  const attempt = (wanted: readonly Line[], free: readonly FreeStock[]): Allocation[] | Refusal => {
    try {
      return allocate(wanted, free);
    } catch (error) {
      return error as Refusal;
    }
  };
  const freeOf = (free: readonly FreeStock[], variantId: string): number =>
    free.filter((one) => one.variantId === variantId).reduce((sum, one) => sum + one.available, 0);

  test('an allocation is exactly the demand, and takes no more than is free at any location', () => {
    fc.assert(
      fc.property(lines, stock, (wanted, free) => {
        const taken = attempt(wanted, free);
        if (taken instanceof Refusal) return;
        expect(isSameDemand(sumDemand(wanted), taken)).toBe(true);
        for (const { variantId, locationId, quantity } of taken) {
          const here = free.find((one) => one.variantId === variantId && one.locationId === locationId);
          expect(quantity).toBeGreaterThan(0);
          expect(quantity).toBeLessThanOrEqual(here!.available);
        }
        expect(new Set(taken.map((one) => `${one.variantId}/${one.locationId}`)).size).toBe(taken.length);
      }),
    );
  });

  test('an allocation is refused if and only if a variant is short', () => {
    fc.assert(
      fc.property(lines, stock, (wanted, free) => {
        const short = [...sumDemand(wanted)].filter(([variantId, quantity]) => freeOf(free, variantId) < quantity);
        const taken = attempt(wanted, free);
        expect(taken instanceof Refusal ? taken.userErrors.map((error) => error.variantId) : []).toEqual(
          short.map(([variantId]) => variantId),
        );
      }),
    );
  });

  test('the order in which stock is read changes nothing', () => {
    const shuffles = stock.chain((free) =>
      fc.tuple(fc.constant(free), fc.shuffledSubarray(free, { minLength: free.length })),
    );
    fc.assert(
      fc.property(lines, shuffles, (wanted, [free, shuffled]) => {
        expect(attempt(wanted, shuffled)).toEqual(attempt(wanted, free));
      }),
    );
  });
});

describe('an impossible reservation', () => {
  test.each([0, -1, 1_000_000_000, 1_000_001])('with a quantity of %i is refused at its path', (quantity) => {
    const refusal = refusalOf(() =>
      checkLines(
        [
          { variantId: 'v', quantity: 1 },
          { variantId: 'w', quantity },
        ],
        null,
      ),
    );
    expect(refusal.userErrors).toEqual([
      expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', 'lines', '1', 'quantity'] }),
    ]);
  });

  test.each([0, 101])('with %i lines is refused', (count) => {
    expect(refusalOf(() => checkLines(Array(count).fill({ variantId: 'v', quantity: 1 }), null)).code).toBe(
      'INVALID_INPUT',
    );
  });

  test.each([0, -5, 86_401])('with an end after %i seconds is refused', (seconds) => {
    expect(refusalOf(() => checkLines([{ variantId: 'v', quantity: 1 }], seconds)).code).toBe('INVALID_INPUT');
  });
});

test('a correction can take the last free unit, but no reserved one', () => {
  const level = { variantId: 'v', onHand: 5, reserved: 3 };
  expect(() => checkChange(level, -2, [])).not.toThrow();
  expect(refusalOf(() => checkChange(level, -3, [])).userErrors).toEqual([
    expect.objectContaining({ code: 'INSUFFICIENT_STOCK', available: 2 }),
  ]);
  expect(refusalOf(() => checkChange(level, 10_000_000, [])).code).toBe('INVALID_INPUT');
});
