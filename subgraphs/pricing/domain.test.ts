import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asFraction, checkValidity, effectivePrice, MAX_PRICE, priceLines, priceOf, type Validity } from './domain.ts';

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
const rounding = fc.record({
  per: fc.constantFrom('LINE' as const, 'RATE' as const),
  mode: fc.constantFrom('HALF_UP' as const, 'DOWN' as const, 'UP' as const),
});
const request = fc.record({
  mode,
  currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
  rounding,
  lines: fc.array(line, { maxLength: 30 }),
  shipping,
});

const add = (amounts: readonly { minor: bigint }[]): bigint => amounts.reduce((all, one) => all + one.minor, 0n);

describe('a quote', () => {
  test('adds up: line by line, and all in all', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { lines, taxes, sums } = priceLines(asked);
        for (const one of lines) {
          expect(one.total.minor).toBe(one.subtotal.minor + one.tax.minor);
          expect(one.tax.minor).toBeGreaterThanOrEqual(0n);
          expect(one.subtotal.minor).toBeGreaterThanOrEqual(0n);
        }
        expect(sums.subtotal.minor).toBe(add(lines.map((one) => one.subtotal)));
        expect(sums.total.minor).toBe(sums.subtotal.minor + sums.shipping.minor + sums.tax.minor);
        expect(sums.tax.minor).toBeGreaterThanOrEqual(add(lines.map((one) => one.tax)));
        expect(add(taxes.map((one) => one.tax))).toBe(sums.tax.minor);
        expect(add(taxes.map((one) => one.taxable))).toBe(sums.subtotal.minor + sums.shipping.minor);
      }),
    );
  });

  test('has the tax of a gross amount that is all tax when rounded up', () => {
    const { taxes, sums } = priceLines({
      mode: 'GROSS',
      currency: 'EUR',
      rounding: { per: 'LINE', mode: 'UP' },
      lines: [{ variantId: 'a', quantity: 1, unitMinor: 1n, basisPoints: 1 }],
      shipping: { netMinor: 490n, freeFrom: 0n, basisPoints: 1900 },
    });
    expect(sums).toMatchObject({ subtotal: { minor: 0n }, tax: { minor: 1n }, total: { minor: 1n } });
    expect(taxes).toMatchObject([{ basisPoints: 1, taxable: { minor: 0n }, tax: { minor: 1n } }]);
  });

  test('does not depend on the order of its lines', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const turned = { ...asked, lines: [...asked.lines].reverse() };
        expect(priceLines(turned).sums).toEqual(priceLines(asked).sums);
        expect(priceLines(turned).taxes).toEqual(priceLines(asked).taxes);
      }),
    );
  });

  test('keeps the prices shown: net ones before tax, gross ones with it', () => {
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

  test('ships free from the sum of its shipping option, and not a cent below', () => {
    const of = (unitMinor: bigint) =>
      priceLines({
        mode: 'NET',
        currency: 'EUR',
        rounding: { per: 'LINE', mode: 'HALF_UP' },
        lines: [{ variantId: 'a', quantity: 2, unitMinor, basisPoints: 1900 }],
        shipping: { netMinor: 490n, freeFrom: 5000n, basisPoints: 1900 },
      }).sums;
    expect(of(2499n)).toMatchObject({ shipping: { minor: 490n }, total: { minor: 4998n + 950n + 490n + 93n } });
    expect(of(2500n)).toMatchObject({ shipping: { minor: 0n }, total: { minor: 5950n } });
  });
});

describe('a rate', () => {
  test.each([
    [0, '0'],
    [1900, '0.19'],
    [2550, '0.255'],
    [810, '0.081'],
    [1, '0.0001'],
    [10_000, '1'],
  ])('of %d reads %s', (points, text) => {
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

  test('is in force, and exists whenever any price is in force', () => {
    fc.assert(
      fc.property(prices, fc.nat(35), (all, at) => {
        const found = effectivePrice(all, 'a', day(at));
        expect(Boolean(found)).toBe(all.some((price) => holds(price, day(at))));
        if (found) expect(holds(found, day(at))).toBe(true);
      }),
    );
  });

  test("is the channel's own before one for all channels, and then the latest", () => {
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

  test('ends just before its end, when the earlier price is effective again', () => {
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
