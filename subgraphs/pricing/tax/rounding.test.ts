import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Taxable, type TaxRounding, taxesOf } from './rounding.ts';

const PER_LINE: TaxRounding = { per: 'LINE', mode: 'HALF_UP' };
const JAPAN: TaxRounding = { per: 'RATE', mode: 'DOWN' };
const amount = fc.bigInt({ min: 0n, max: 10n ** 12n });
const basisPoints = fc.constantFrom(0, 700, 800, 810, 1000, 1900, 2550, 10_000);
const mode = fc.constantFrom('NET' as const, 'GROSS' as const);
const items = fc.array(fc.record({ amount, mode, basisPoints }), { maxLength: 20 });
const direction = fc.constantFrom('HALF_UP' as const, 'DOWN' as const, 'UP' as const);

const sum = (parts: readonly bigint[]): bigint => parts.reduce((all, part) => all + part, 0n);
const net = (of: bigint, rate: number): Taxable => ({ amount: of, mode: 'NET', basisPoints: rate });

describe('line by line', () => {
  test.each([
    ['NET', 250n, 1000, 25n],
    ['NET', 150n, 1700, 26n], // 25.5: half away from zero
    ['GROSS', 11900n, 1900, 1900n],
    ['GROSS', 999n, 2550, 203n], // 202.98
    ['GROSS', 500n, 0, 0n],
  ] as const)('of %s %d at %d is %d', (how, minor, rate, tax) => {
    expect(taxesOf([{ amount: minor, mode: how, basisPoints: rate }], PER_LINE)).toEqual([tax]);
  });

  test('is off by half a minor unit at most', () => {
    fc.assert(
      fc.property(mode, amount, basisPoints, (how, minor, rate) => {
        const [tax] = taxesOf([{ amount: minor, mode: how, basisPoints: rate }], PER_LINE) as [bigint];
        const base = BigInt(how === 'NET' ? 10_000 : 10_000 + rate);
        const off = tax * base - minor * BigInt(rate);
        expect((off < 0n ? -off : off) * 2n <= base).toBe(true);
      }),
    );
  });

  test('of a line does not depend on other lines, so that it can be refunded by itself', () => {
    fc.assert(
      fc.property(items, direction, (all, how) => {
        const rounding = { per: 'LINE', mode: how } as const;
        expect(taxesOf(all, rounding)).toEqual(all.flatMap((item) => taxesOf([item], rounding)));
      }),
    );
  });

  test('in Germany of 40 lines of 2 cents is 40 times nothing, with the shipping of 4.90', () => {
    const lines = Array.from({ length: 40 }, () => net(2n, 1900));
    expect(sum(taxesOf([...lines, net(490n, 1900)], PER_LINE))).toBe(93n);
  });
});

describe('once for each rate', () => {
  const SHIPPING = net(800n, 1000);
  const yen = (count: number, of: bigint, rate = 1000) => Array.from({ length: count }, () => net(of, rate));

  test.each([
    ['three lines of 105 yen', yen(3, 105n), 111n],
    ['three lines of 106 yen, reduced', yen(3, 106n, 800), 25n + 80n],
    ['ten lines of 4 yen', yen(10, 4n), 84n],
    ['ten lines of 5 yen', yen(10, 5n), 85n],
    ['the same ten in one line', [net(50n, 1000)], 85n],
  ])('in Japan of %s', (_, lines, tax) => {
    expect(sum(taxesOf([...lines, SHIPPING], JAPAN))).toBe(tax);
  });

  test('is off by less than one minor unit for each rate, however many lines, and the direction holds', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 30 }), basisPoints, direction, (amounts, rate, how) => {
        const tax = sum(
          taxesOf(
            amounts.map((of) => net(of, rate)),
            { per: 'RATE', mode: how },
          ),
        );
        const off = tax * 10_000n - sum(amounts) * BigInt(rate);
        if (how === 'DOWN') expect(off <= 0n && off > -10_000n).toBe(true);
        if (how === 'UP') expect(off >= 0n && off < 10_000n).toBe(true);
        if (how === 'HALF_UP') expect(off > -5_000n - 1n && off <= 5_000n).toBe(true);
      }),
    );
  });

  test('does not depend on how the goods are divided into lines, nor on their order', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.integer({ min: 1, max: 30 }),
        mode,
        direction,
        (of, count, how, mode_) => {
          const rounding = { per: 'RATE', mode: mode_ } as const;
          const lines = Array.from({ length: count }, (): Taxable => ({ amount: of, mode: how, basisPoints: 800 }));
          const one: Taxable = { amount: of * BigInt(count), mode: how, basisPoints: 800 };
          expect(sum(taxesOf([...lines, SHIPPING], rounding))).toBe(sum(taxesOf([SHIPPING, one], rounding)));
        },
      ),
    );
  });

  test('gives each line its share, off by less than one minor unit, and no line more than it costs', () => {
    fc.assert(
      fc.property(items, direction, (all, how) => {
        taxesOf(all, { per: 'RATE', mode: how }).forEach((tax, index) => {
          const { amount: of, mode: priced, basisPoints: rate } = all[index]!;
          expect(tax >= 0n && (priced === 'NET' || tax <= of)).toBe(true);
          if (rate === 0 || of === 0n) expect(tax).toBe(0n);
        });
      }),
    );
  });
});
