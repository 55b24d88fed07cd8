import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  allocate,
  divideRounded,
  exponentOf,
  fromDecimal,
  isCurrency,
  maxAmount,
  money,
  sum,
  toDecimal,
} from './money.ts';

const amounts = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 });
const total = (parts: readonly bigint[]): bigint => parts.reduce((a, b) => a + b, 0n);
const size = (n: bigint): bigint => (n < 0n ? -n : n);

describe('a split', () => {
  test('sums to the whole, whatever the weights', () => {
    fc.assert(fc.property(amounts, weights, (amount, shares) => expect(total(allocate(amount, shares))).toBe(amount)));
  });

  test('gives no part a whole unit more or less than its exact share', () => {
    fc.assert(
      fc.property(amounts, weights, (amount, given) => {
        const shares = total(given) === 0n ? given.map(() => 1n) : given;
        const whole = total(shares);
        allocate(amount, given).forEach((part, index) => {
          expect(size(part * whole - amount * shares[index]!) < whole).toBe(true);
        });
      }),
    );
  });

  test('gives the larger weight at least as much, and of equal weights the earlier', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), weights, (amount, shares) => {
        const parts = allocate(amount, shares);
        for (let i = 0; i < parts.length; i++)
          for (let j = i + 1; j < parts.length; j++) {
            if (shares[i]! >= shares[j]!) expect(parts[i]! >= parts[j]!).toBe(true);
            else expect(parts[i]! <= parts[j]!).toBe(true);
          }
      }),
    );
  });

  test('gives the remainder of three equal shares to the first', () => {
    expect(allocate(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(allocate(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n]);
  });

  test('is even when all weights are zero, and gives nothing to a weight of zero otherwise', () => {
    expect(allocate(5n, [0n, 0n])).toEqual([3n, 2n]);
    expect(allocate(5n, [0n, 7n])).toEqual([0n, 5n]);
  });

  test('into no parts is empty, and a negative weight is refused', () => {
    expect(allocate(5n, [])).toEqual([]);
    expect(() => allocate(5n, [2n, -1n])).toThrow(RangeError);
  });
});

describe('the decimal form of an amount', () => {
  test.each([
    [1234n, 'EUR', '12.34'],
    [5n, 'EUR', '0.05'],
    [-5n, 'EUR', '-0.05'],
    [500n, 'JPY', '500'],
    [-5n, 'KWD', '-0.005'],
    [0n, 'EUR', '0.00'],
    [0n, 'JPY', '0'],
  ])('of %s minor units in %s is %s', (minor, currency, text) => {
    expect(toDecimal({ minor, currency })).toBe(text);
  });

  test('is parsed back to the same amount', () => {
    fc.assert(
      fc.property(amounts, fc.constantFrom('EUR', 'JPY', 'KWD'), (minor, currency) => {
        fc.pre(toDecimal({ minor, currency }).replace(/^-|\..*$/g, '').length <= 15);
        expect(fromDecimal(toDecimal({ minor, currency }), currency)).toEqual({ minor, currency });
      }),
    );
  });

  test('may have fewer digits than the currency, and zeros beyond', () => {
    expect(fromDecimal('12', 'EUR').minor).toBe(1200n);
    expect(fromDecimal('12.5', 'EUR').minor).toBe(1250n);
    expect(fromDecimal('12.500', 'EUR').minor).toBe(1250n);
    expect(fromDecimal('12.000', 'JPY').minor).toBe(12n);
  });

  test.each([
    ['12.345', 'EUR'],
    ['0.5', 'JPY'],
    ['1.2345', 'KWD'],
    ['', 'EUR'],
    ['1,50', 'EUR'],
    ['1e3', 'EUR'],
    [' 1', 'EUR'],
    ['.5', 'EUR'],
    ['1.', 'EUR'],
    ['NaN', 'EUR'],
    ['1234567890123456', 'EUR'],
  ])('%j is refused as an amount in %s', (text, currency) => {
    expect(() => fromDecimal(text, currency)).toThrow(RangeError);
  });
});

test.each([
  ['JPY', '999999999999999'],
  ['EUR', '999999999999999.99'],
  ['KWD', '999999999999999.999'],
  // 64 bits of ten-thousandths hold fewer digits.
  ['CLF', '922337203685477.5807'],
])('the largest amount in %s is %s, and can be parsed back', (currency, text) => {
  expect(toDecimal(money(maxAmount(currency), currency))).toBe(text);
  expect(fromDecimal(text, currency).minor).toBe(maxAmount(currency));
});

test('an amount whose minor units exceed 64 bits is refused, however few its digits', () => {
  expect(() => fromDecimal('922337203685477.5808', 'CLF')).toThrow(RangeError);
  expect(() => fromDecimal('-999999999999999', 'UYW')).toThrow(RangeError);
});

test('sums are exact beyond the precision of a float, and the sum of no amounts is zero', () => {
  expect(sum([money(2n ** 60n, 'EUR'), money(1, 'EUR')], 'EUR')).toEqual({ minor: 2n ** 60n + 1n, currency: 'EUR' });
  expect(sum([], 'JPY')).toEqual({ minor: 0n, currency: 'JPY' });
});

test('amounts in different currencies are not added, and half a minor unit is refused', () => {
  expect(() => sum([money(1, 'EUR'), money(1, 'USD')], 'EUR')).toThrow('cannot add USD to EUR');
  expect(() => money(0.5, 'EUR')).toThrow(RangeError);
});

test('currencies are those of ISO 4217, with their exponents', () => {
  expect(['EUR', 'USD', 'JPY', 'KWD'].every(isCurrency)).toBe(true);
  expect(['XXY', 'eur', 'EURO', '', 'BTC'].some(isCurrency)).toBe(false);
  expect(['EUR', 'JPY', 'KWD', 'CLF'].map(exponentOf)).toEqual([2, 0, 3, 4]);
});

test('division rounds half away from zero', () => {
  const cases: [bigint, bigint, bigint][] = [
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [5n, -2n, -3n],
    [-5n, -2n, 3n],
    [4n, 3n, 1n],
    [0n, 7n, 0n],
  ];
  for (const [n, d, expected] of cases) expect(divideRounded(n, d)).toBe(expected);
  fc.assert(
    fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 6n }), (n, d) => {
      expect(size(divideRounded(n, d) * d - n) * 2n <= d).toBe(true);
    }),
  );
});
