import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../../../platform/errors.ts';
import {
  type Allocation,
  checkLines,
  type FreeStock,
  isSameDemand,
  type Line,
  spread,
  spreadInputs,
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
const decide = (lines: readonly Line[], stock: readonly FreeStock[]) => spread(spreadInputs(lines, stock));
const allocate = (lines: readonly Line[], stock: readonly FreeStock[]): Allocation[] => decide(lines, stock).result;

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

  test('prefers one location that has all variants over an earlier one for each', () => {
    const lines = ['v', 'w'].map((variantId) => ({ variantId, quantity: 1 }));
    const stock = [site('a', 10, 5, 'v'), site('b', 20, 5, 'w'), site('c', 90, 1, 'v'), site('c', 90, 1, 'w')];
    expect(allocate(lines, stock)).toEqual([
      { variantId: 'v', locationId: 'c', quantity: 1 },
      { variantId: 'w', locationId: 'c', quantity: 1 },
    ]);
  });

  test('is split over as few locations as have all of it, though an earlier one has some', () => {
    expect(allocate([{ variantId: 'v', quantity: 6 }], [site('a', 30, 3), site('b', 10, 2), site('c', 20, 3)])).toEqual(
      [
        { variantId: 'v', locationId: 'a', quantity: 3 },
        { variantId: 'v', locationId: 'c', quantity: 3 },
      ],
    );
  });

  test('finds two locations that have all of it, where taking the largest part first makes three', () => {
    const variants = Array.from({ length: 14 }, (_, n) => `v${n}`);
    const having = (locationId: string, priority: number, is: (n: number) => boolean) =>
      variants.filter((_, n) => is(n)).map((id) => site(locationId, priority, 1, id));
    const stock = [
      ...having('first eight', 0, (n) => n < 8),
      ...having('next four', 0, (n) => n >= 8 && n < 12),
      ...having('last two', 0, (n) => n >= 12),
      ...having('odd', 90, (n) => n % 2 === 1),
      ...having('even', 90, (n) => n % 2 === 0),
    ];
    const lines = variants.map((variantId) => ({ variantId, quantity: 1 }));
    expect(decide(lines, stock).alternatives[0].choice).toBe('even + odd');
  });

  test('is split by priority among them', () => {
    expect(allocate([{ variantId: 'v', quantity: 7 }], [site('a', 30, 3), site('b', 10, 2), site('c', 20, 3)])).toEqual(
      [
        { variantId: 'v', locationId: 'a', quantity: 2 },
        { variantId: 'v', locationId: 'b', quantity: 2 },
        { variantId: 'v', locationId: 'c', quantity: 3 },
      ],
    );
  });

  test('takes a variant from one of them that has all of it', () => {
    const lines = [
      { variantId: 'v', quantity: 3 },
      { variantId: 'w', quantity: 3 },
    ];
    const stock = [site('a', 10, 2, 'v'), site('a', 10, 3, 'w'), site('b', 20, 3, 'v')];
    expect(allocate(lines, stock)).toEqual([
      { variantId: 'v', locationId: 'b', quantity: 3 },
      { variantId: 'w', locationId: 'a', quantity: 3 },
    ]);
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

  test('knows a variant whose id is a word of JavaScript', () => {
    const lines = [{ variantId: '__proto__', quantity: 1 }];
    const stock = [site('constructor', 10, 1, '__proto__'), site('a', 20, 1, 'constructor')];
    expect(allocate(lines, stock)).toEqual([{ variantId: '__proto__', locationId: 'constructor', quantity: 1 }]);
  });
});

describe('a verdict', () => {
  const FOUR = [{ variantId: 'v', quantity: 4 }];

  test('has the alternatives with their scores, the choice first, and says why', () => {
    const { alternatives, reasons, weighed } = decide(FOUR, [site('a', 10, 3), site('b', 20, 4), site('c', 30, 9)]);
    expect(alternatives.map(({ choice, score }) => [choice, score])).toEqual([
      ['b', -1021],
      ['c', -1031],
      ['a + b', -2017],
    ]);
    expect(weighed).toBe(3);
    expect(reasons).toEqual([
      '2 of 3 locations with stock have all of it.',
      'Of as few parcels, the lowest mean priority serves first.',
    ]);
    expect(alternatives[2]!.reasons).toEqual([
      '2 parcels, 1001 points less for each.',
      'The mean priority is 15, so many points less.',
      'Each variant by priority alone, however many parcels that makes.',
    ]);
  });

  test('of a single location has nothing to choose between', () => {
    expect(decide(FOUR, [site('a', 10, 4)])).toMatchObject({ weighed: 1, alternatives: [{ choice: 'a' }] });
    // The one that serves first has all of it, the other has not: nobody would ask why.
    expect(decide(FOUR, [site('a', 10, 4), site('b', 20, 1)])).toMatchObject({ weighed: 1 });
  });

  test('that needs every location has nothing to choose between', () => {
    expect(decide(FOUR, [site('a', 10, 2), site('b', 20, 2)])).toMatchObject({
      weighed: 1,
      alternatives: [{ choice: 'a + b' }],
    });
  });

  test('explains at most ten alternatives, and tells how many there were', () => {
    const stock = Array.from({ length: 40 }, (_, n) => site(`l${n}`, n, 2));
    const { alternatives, weighed } = decide(FOUR, stock);
    expect(alternatives[0]!.choice).toBe('l0 + l1');
    expect(alternatives.length).toBeLessThanOrEqual(10);
    expect(weighed).toBe(780);
  });

  test('of too many sets of locations takes those that have the most of what is missing, and says so', () => {
    const small = Array.from({ length: 30 }, (_, n) => site(`s${String(n).padStart(2, '0')}`, n, 1));
    const large = Array.from({ length: 10 }, (_, n) => site(`t${n}`, 500 + n, 3));
    const { alternatives, reasons, result } = decide([{ variantId: 'v', quantity: 18 }], [...small, ...large]);
    expect(alternatives[0].choice).toBe('t0 + t1 + t2 + t3 + t4 + t5');
    expect(result.map(({ quantity }) => quantity)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(reasons[0]).toBe('6 of 40 locations; their sets are too many to try all, so fewer may do.');
    expect(alternatives.at(-1)!.choice).toMatch(/^s00 \+ .* \+ s17$/);
  });
});

describe('for any demand and any stock', () => {
  const ids = fc.constantFrom('v', 'w', 'x');
  const lines = fc.array(fc.record({ variantId: ids, quantity: fc.integer({ min: 1, max: 12 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  /** Free units of each variant at up to so many locations, each with one priority. */
  const stockAt = (locations: number) =>
    fc
      .array(
        fc.record({
          priority: fc.integer({ min: 0, max: 3 }),
          free: fc.record({ v: units, w: units, x: units }),
        }),
        { maxLength: locations },
      )
      .map((found) =>
        found.flatMap(({ priority, free }, n) =>
          Object.entries(free).map(([variantId, available]) => site(`l${n}`, priority, available, variantId)),
        ),
      );
  const units = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 15 }));
  const stock = stockAt(5);
  const attempt = (wanted: readonly Line[], free: readonly FreeStock[]): Allocation[] | Refusal => {
    try {
      return allocate(wanted, free);
    } catch (error) {
      return error as Refusal;
    }
  };
  const freeOf = (free: readonly FreeStock[], variantId: string): number =>
    free.filter((one) => one.variantId === variantId).reduce((sum, one) => sum + one.available, 0);
  const isEnough = (wanted: readonly Line[], free: readonly FreeStock[]): boolean =>
    [...sumDemand(wanted)].every(([variantId, quantity]) => freeOf(free, variantId) >= quantity);
  /** All sets of locations, by their ids. */
  const setsOf = (free: readonly FreeStock[]): string[][] =>
    [...new Set(free.map(({ locationId }) => locationId))].reduce<string[][]>(
      (sets, id) => [...sets, ...sets.map((set) => [...set, id])],
      [[]],
    );
  const placesOf = (taken: readonly Allocation[]): string[] => [...new Set(taken.map(({ locationId }) => locationId))];

  const isExact = (wanted: readonly Line[], free: readonly FreeStock[]): void => {
    const taken = attempt(wanted, free);
    if (taken instanceof Refusal) return;
    expect(isSameDemand(sumDemand(wanted), taken)).toBe(true);
    for (const { variantId, locationId, quantity } of taken) {
      const here = free.find((one) => one.variantId === variantId && one.locationId === locationId);
      expect(quantity).toBeGreaterThan(0);
      expect(quantity).toBeLessThanOrEqual(here!.available);
    }
    expect(new Set(taken.map((one) => `${one.variantId}/${one.locationId}`)).size).toBe(taken.length);
  };

  test('an allocation is exactly the demand, and takes no more than is free at any location', () => {
    fc.assert(fc.property(lines, stock, isExact));
  });

  test('that holds too where the locations are too many to try all their sets', () => {
    const many = fc.array(fc.record({ variantId: ids, quantity: fc.integer({ min: 20, max: 90 }) }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(fc.property(many, stockAt(40), isExact));
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

  test('no fewer locations have all of it, and of equally few none have a lower mean priority', () => {
    fc.assert(
      fc.property(lines, stock, (wanted, free) => {
        fc.pre(isEnough(wanted, free));
        const priorities = (set: readonly string[]): number =>
          set.reduce((sum, id) => sum + free.find(({ locationId }) => locationId === id)!.priority, 0);
        const within = (set: readonly string[]) => free.filter(({ locationId }) => set.includes(locationId));
        const least = setsOf(free)
          .filter((set) => isEnough(wanted, within(set)))
          .toSorted((a, b) => a.length - b.length || priorities(a) - priorities(b))[0]!;
        const places = placesOf(allocate(wanted, free));
        expect(places).toHaveLength(least.length);
        expect(priorities(places)).toBe(priorities(least));
      }),
    );
  });

  test('the choice is the best of what was weighed, and names the locations of the allocation', () => {
    fc.assert(
      fc.property(lines, stock, (wanted, free) => {
        fc.pre(isEnough(wanted, free));
        const { alternatives, result, weighed } = decide(wanted, free);
        expect(alternatives[0].choice.split(' + ').toSorted()).toEqual(placesOf(result).toSorted());
        expect(Math.max(...alternatives.map(({ score }) => score))).toBe(alternatives[0].score);
        expect(new Set(alternatives.map(({ choice }) => choice)).size).toBe(alternatives.length);
        expect(weighed).toBeGreaterThanOrEqual(alternatives.length);
      }),
    );
  });

  test('the order in which lines and stock are read changes nothing', () => {
    const shuffled = <T>(list: fc.Arbitrary<T[]>) =>
      list.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    fc.assert(
      fc.property(shuffled(lines), shuffled(stock), ([wanted, otherwise], [free, elsewhere]) => {
        fc.pre(isEnough(wanted, free));
        expect(decide(otherwise, elsewhere)).toEqual(decide(wanted, free));
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
