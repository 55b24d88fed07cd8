/** The rules of prices. Pure: no I/O, no clock, no randomness; and no float, money is integer minor units. */
import { divideRounded, fromDecimal, money, type Money, sum } from '../../platform/money.ts';
import { refuse } from '../../platform/errors.ts';
import type { PriceMode } from './entities.ts';

/** What decides which of a variant's prices counts. */
export interface Validity {
  /** None: every channel. */
  channelId?: string | null;
  validFrom: Date;
  /** None: it goes on. */
  validUntil?: Date | null;
}

/**
 * The price that counts in a channel at an instant, of those of one variant and currency: the channel's own before one
 * for all channels, then the one that came into force last. A price ends just before `validUntil`.
 */
export function effectivePrice<P extends Validity>(
  prices: Iterable<P>,
  channelId: string | null,
  at: Date,
): P | undefined {
  let best: P | undefined;
  for (const price of prices) {
    if (price.channelId && price.channelId !== channelId) continue;
    if (price.validFrom > at || (price.validUntil && price.validUntil <= at)) continue;
    if (!best || comesBefore(price, best)) best = price;
  }
  return best;
}

const comesBefore = (a: Validity, b: Validity): boolean =>
  Boolean(a.channelId) === Boolean(b.channelId) ? a.validFrom > b.validFrom : Boolean(a.channelId);

/** A tax rate and the day (`2026-01-31`) from which it holds, of one country. */
export interface TaxRate {
  taxClass: string;
  basisPoints: number;
  validFrom: string;
}

/** Hundredths of a per cent for a class of goods on a day. What no table knows is an export, and free of tax. */
export function taxRateOn(rates: readonly TaxRate[], taxClass: string, day: string): number {
  const held = rates.filter((rate) => rate.taxClass === taxClass && rate.validFrom <= day);
  return held.reduce((latest, rate) => (rate.validFrom > latest.validFrom ? rate : latest), NO_TAX).basisPoints;
}

const NO_TAX = { basisPoints: 0, validFrom: '' };

/** A sum of money, taken apart. `total` is always `net` and `tax` together. */
export interface Taxed {
  net: bigint;
  tax: bigint;
  total: bigint;
}

/** Takes an amount apart: tax is on top of a net one and within a gross one. Rounded half away from zero. */
export function taxed(amount: bigint, mode: PriceMode, basisPoints: number): Taxed {
  const rate = BigInt(basisPoints);
  if (mode === 'NET') {
    const tax = divideRounded(amount * rate, 10_000n);
    return { net: amount, tax, total: amount + tax };
  }
  const tax = divideRounded(amount * rate, 10_000n + rate);
  return { net: amount - tax, tax, total: amount };
}

/** What is asked: goods at the prices shown, and a way to ship them. */
export interface QuoteRequest {
  mode: PriceMode;
  currency: string;
  lines: readonly { variantId: string; quantity: number; unitMinor: bigint; basisPoints: number }[];
  /** Shipping is kept without tax; free from a sum of goods as shown. */
  shipping: { netMinor: bigint; freeFrom: bigint | null; basisPoints: number };
}

/** One line of a quote: `total` = `subtotal` + `tax`. */
export interface QuotedLine {
  variantId: string;
  quantity: number;
  /** As shown: with tax in a gross channel. */
  unitPrice: Money;
  subtotal: Money;
  tax: Money;
  total: Money;
  basisPoints: number;
}

/** The sums of a quote: `total` = `subtotal` + `shipping` + `tax`, where `tax` holds the tax of shipping too. */
export interface QuoteSums {
  subtotal: Money;
  shipping: Money;
  tax: Money;
  total: Money;
}

/** Prices goods and their shipping. Tax is rounded line by line, so that every line can be refunded as it stands. */
export function priceLines({ mode, currency, lines, shipping }: QuoteRequest): {
  lines: QuotedLine[];
  sums: QuoteSums;
} {
  const quoted = lines.map(({ variantId, quantity, unitMinor, basisPoints }): QuotedLine => {
    const { net, tax, total } = taxed(unitMinor * BigInt(quantity), mode, basisPoints);
    const of = (minor: bigint) => money(minor, currency);
    return {
      variantId,
      quantity,
      unitPrice: of(unitMinor),
      subtotal: of(net),
      tax: of(tax),
      total: of(total),
      basisPoints,
    };
  });
  const shown = lines.reduce((all, line) => all + line.unitMinor * BigInt(line.quantity), 0n);
  const free = shipping.freeFrom !== null && shown >= shipping.freeFrom;
  const ship = taxed(free ? 0n : shipping.netMinor, 'NET', shipping.basisPoints);
  const subtotal = sum(
    quoted.map((line) => line.subtotal),
    currency,
  );
  const tax = sum([...quoted.map((line) => line.tax), money(ship.tax, currency)], currency);
  const total = sum([...quoted.map((line) => line.total), money(ship.total, currency)], currency);
  return { lines: quoted, sums: { subtotal, shipping: money(ship.net, currency), tax, total } };
}

/** Basis points as the fraction that one multiplies with: 2550 is `0.255`. */
export function asFraction(basisPoints: number): string {
  const [whole, fraction] = [
    Math.trunc(basisPoints / 10_000),
    String(basisPoints % 10_000)
      .padStart(4, '0')
      .replace(/0+$/, ''),
  ];
  return fraction ? `${whole}.${fraction}` : String(whole);
}

/** Nobody's price is beyond this, and sums of many lines still fit 64 bits. */
export const MAX_PRICE = 1_000_000_000_000n;

/** An amount as a price. @throws Refusal INVALID_INPUT if it is negative, too large, or finer than the currency */
export function priceOf(amount: string, currency: string): bigint {
  const path = ['input', 'amount'];
  try {
    const { minor } = fromDecimal(amount, currency);
    if (minor >= 0n && minor <= MAX_PRICE) return minor;
  } catch (error) {
    if (error instanceof RangeError) throw refuse('INVALID_INPUT', error.message, path);
    throw error;
  }
  throw refuse('INVALID_INPUT', `A price is between 0 and ${MAX_PRICE} of the currency's smallest unit.`, path);
}

/** @throws Refusal INVALID_INPUT for a time that ends before it begins, or that is over already */
export function checkValidity({ validFrom, validUntil }: Pick<Validity, 'validFrom' | 'validUntil'>, now: Date): void {
  if (!validUntil) return;
  const path = ['input', 'validUntil'];
  if (validUntil <= validFrom) throw refuse('INVALID_INPUT', 'The price would end before it begins.', path);
  if (validUntil <= now) throw refuse('INVALID_INPUT', 'The price would be over already.', path);
}
