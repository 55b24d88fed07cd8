import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asFraction,
  checkValidity,
  effectivePrice,
  MAX_PRICE,
  priceLines,
  priceOf,
  taxed,
  taxRateOn,
  type Validity,
} from './domain.ts';

const mode = fc.constantFrom('NET' as const, 'GROSS' as const);
const basisPoints = fc.integer({ min: 0, max: 10_000 });
const amount = fc.bigInt({ min: 0n, max: MAX_PRICE });
const line = fc.record({
  variantId: fc.string(),
  quantity: fc.integer({ min: 1, max: 10_000 }),
  unitMinor: amount,
  basisPoints,
});
const shipping = fc.record({ netMinor: amount, freeFrom: fc.option(amount), basisPoints });
const request = fc.record({
  mode,
  currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
  lines: fc.array(line, { maxLength: 30 }),
  shipping,
});

const add = (amounts: readonly { minor: bigint }[]): bigint => amounts.reduce((all, one) => all + one.minor, 0n);
const abs = (n: bigint): bigint => (n < 0n ? -n : n);

describe('a quote', () => {
  test('adds up: line by line, and all in all', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { lines, sums } = priceLines(asked);
        for (const one of lines) expect(one.total.minor).toBe(one.subtotal.minor + one.tax.minor);
        expect(sums.subtotal.minor).toBe(add(lines.map((one) => one.subtotal)));
        expect(sums.total.minor).toBe(sums.subtotal.minor + sums.shipping.minor + sums.tax.minor);
        const ship = taxed(sums.shipping.minor, 'NET', asked.shipping.basisPoints);
        expect(sums.tax.minor).toBe(add(lines.map((one) => one.tax)) + ship.tax);
      }),
    );
  });

  test('asks for the prices that were shown: net ones before tax, gross ones with it', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { lines } = priceLines(asked);
        lines.forEach((one, index) => {
          const shown = asked.lines[index]!.unitMinor * BigInt(asked.lines[index]!.quantity);
          expect(one.unitPrice.minor).toBe(asked.lines[index]!.unitMinor);
          expect(asked.mode === 'NET' ? one.subtotal.minor : one.total.minor).toBe(shown);
        });
      }),
    );
  });

  test('ships free from the sum that its shipping option says, and not a cent below', () => {
    const of = (unitMinor: bigint) =>
      priceLines({
        mode: 'NET',
        currency: 'EUR',
        lines: [{ variantId: 'a', quantity: 2, unitMinor, basisPoints: 1900 }],
        shipping: { netMinor: 490n, freeFrom: 5000n, basisPoints: 1900 },
      }).sums;
    expect(of(2499n)).toMatchObject({ shipping: { minor: 490n }, total: { minor: 4998n + 950n + 490n + 93n } });
    expect(of(2500n)).toMatchObject({ shipping: { minor: 0n }, total: { minor: 5950n } });
  });
});

describe('tax', () => {
  test('is the rate of the net amount, off by half a minor unit at most, in either mode', () => {
    fc.assert(
      fc.property(mode, amount, basisPoints, (how, minor, rate) => {
        const { net, tax, total } = taxed(minor, how, rate);
        expect(net + tax).toBe(total);
        expect(tax).toBeGreaterThanOrEqual(0n);
        // In 1/10000 of a minor unit. A gross price's net is rounded with its tax, so the bound grows by the rate.
        const exact = net * BigInt(rate);
        const bound = how === 'NET' ? 5_000n : (10_000n + BigInt(rate)) / 2n + 1n;
        expect(abs(tax * 10_000n - exact)).toBeLessThanOrEqual(bound);
      }),
    );
  });

  test.each([
    ['NET', 250n, 1000, 25n, 275n],
    ['NET', 150n, 1700, 26n, 176n], // 25.5: half away from zero
    ['GROSS', 11900n, 1900, 1900n, 11900n],
    ['GROSS', 999n, 2550, 203n, 999n], // 202.98
    ['GROSS', 500n, 0, 0n, 500n],
  ] as const)('of %s %d at %d is %d of %d', (how, minor, rate, tax, total) => {
    expect(taxed(minor, how, rate)).toEqual({ net: total - tax, tax, total });
  });

  test('takes the rate that is in force on the day, and none for what no table knows', () => {
    const rates = [
      { taxClass: 'STANDARD', basisPoints: 2400, validFrom: '2025-07-01' },
      { taxClass: 'STANDARD', basisPoints: 2200, validFrom: '2025-01-01' },
      { taxClass: 'REDUCED', basisPoints: 900, validFrom: '2025-01-01' },
    ];
    expect(taxRateOn(rates, 'STANDARD', '2025-06-30')).toBe(2200);
    expect(taxRateOn(rates, 'STANDARD', '2025-07-01')).toBe(2400);
    expect(taxRateOn(rates, 'REDUCED', '2026-01-01')).toBe(900);
    expect(taxRateOn(rates, 'ZERO', '2026-01-01')).toBe(0);
    expect(taxRateOn(rates, 'STANDARD', '2024-12-31')).toBe(0);
    expect(taxRateOn([], 'STANDARD', '2026-01-01')).toBe(0);
  });

  test.each([
    [0, '0'],
    [1900, '0.19'],
    [2550, '0.255'],
    [810, '0.081'],
    [1, '0.0001'],
    [10_000, '1'],
  ])('rate %d reads %s', (points, text) => {
    expect(asFraction(points)).toBe(text);
  });
});

describe('the effective price', () => {
  const day = (n: number): Date => new Date(Date.UTC(2026, 0, 1 + n));
  const validity: fc.Arbitrary<Validity> = fc
    .record({
      channelId: fc.constantFrom(null, 'a', 'b'),
      from: fc.nat(20),
      length: fc.option(fc.integer({ min: 1, max: 10 })),
    })
    .map(({ channelId, from, length }) => ({
      channelId,
      validFrom: day(from),
      validUntil: length === null ? null : day(from + length),
    }));
  const key = ({ channelId, validFrom }: Validity) => `${channelId} ${validFrom.toISOString()}`;
  const prices = fc.uniqueArray(validity, { selector: key, maxLength: 12 });
  const holds = (price: Validity, at: Date) =>
    (price.channelId === null || price.channelId === 'a') &&
    price.validFrom <= at &&
    (!price.validUntil || price.validUntil > at);

  test('is in force, and there is one whenever any price is in force', () => {
    fc.assert(
      fc.property(prices, fc.nat(35), (all, at) => {
        const found = effectivePrice(all, 'a', day(at));
        expect(Boolean(found)).toBe(all.some((price) => holds(price, day(at))));
        if (found) expect(holds(found, day(at))).toBe(true);
      }),
    );
  });

  test("is the channel's own before that of all channels, and then the latest", () => {
    fc.assert(
      fc.property(prices, fc.nat(35), (all, at) => {
        const found = effectivePrice(all, 'a', day(at));
        for (const other of all.filter((price) => holds(price, day(at)))) {
          if (other.channelId) expect(found!.channelId).toBe('a');
          if (other.channelId === found!.channelId) expect(+found!.validFrom).toBeGreaterThanOrEqual(+other.validFrom);
        }
      }),
    );
  });

  test('does not depend on the order of the prices', () => {
    fc.assert(
      fc.property(prices, fc.nat(35), (all, at) => {
        expect(effectivePrice([...all].reverse(), 'a', day(at))).toBe(effectivePrice(all, 'a', day(at)));
      }),
    );
  });

  test('ends just before its end, when the one before counts again', () => {
    const standing = { channelId: null, validFrom: day(0), validUntil: null };
    const sale = { channelId: null, validFrom: day(5), validUntil: day(7) };
    const at = (ms: number) => effectivePrice([standing, sale], 'a', new Date(ms));
    expect(at(+day(5) - 1)).toBe(standing);
    expect(at(+day(5))).toBe(sale);
    expect(at(+day(7) - 1)).toBe(sale);
    expect(at(+day(7))).toBe(standing);
  });
});

describe('a new price', () => {
  test.each([
    ['12.34', 'EUR', 1234n],
    ['500', 'JPY', 500n],
    ['1.005', 'KWD', 1005n],
    ['0', 'EUR', 0n],
  ] as const)('of %s %s is kept as %d', (text, currency, minor) => {
    expect(priceOf(text, currency)).toBe(minor);
  });

  test.each([
    ['-1', 'EUR'],
    ['0.5', 'JPY'],
    ['1.234', 'EUR'],
    ['10000000000.01', 'EUR'],
    ['ten', 'EUR'],
  ])('of %s %s is refused', (text, currency) => {
    expect(() => priceOf(text, currency)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  test('cannot end before it begins, nor be over already', () => {
    const [first, second, third] = ['2026-01-01', '2026-01-02', '2026-01-03'].map((text) => new Date(text)) as [
      Date,
      Date,
      Date,
    ];
    expect(() => checkValidity({ validFrom: second, validUntil: second }, first)).toThrow('before it begins');
    expect(() => checkValidity({ validFrom: first, validUntil: second }, second)).toThrow('over already');
    expect(() => checkValidity({ validFrom: first, validUntil: third }, second)).not.toThrow();
  });
});
