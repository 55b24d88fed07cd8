/** The rules of prices. Pure: no I/O, no clock, no randomness; and no float, money is integer minor units. */
import { fromDecimal, money, type Money } from '../../platform/money.ts';
import { refuse } from '../../platform/errors.ts';
import type { PriceMode, PriceRow } from './entities.ts';
import { type Taxable, type TaxRounding, taxesOf } from './tax/rounding.ts';

/** The fields that decide which price of a variant is effective. */
export type Validity = Pick<PriceRow, 'channelId' | 'validFrom' | 'validUntil'>;

/**
 * The effective price in a channel at an instant, of the prices of one variant and currency: the channel's own before
 * one for all channels, then the one that came into force last. A price ends just before `validUntil`.
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

/** Goods to quote, at the prices shown, with a shipping option. */
export interface QuoteRequest {
  mode: PriceMode;
  currency: string;
  rounding: TaxRounding;
  lines: readonly { variantId: string; quantity: number; unitMinor: bigint; basisPoints: number }[];
  /** Shipping, stored without tax; free from a sum of goods at the prices shown. */
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

/** The tax at one rate, on goods and shipping. */
export interface QuotedTax {
  basisPoints: number;
  /** Without the tax. */
  taxable: Money;
  tax: Money;
}

/** The sums of a quote: `total` = `subtotal` + `shipping` + `tax`, where `tax` holds the tax of shipping too. */
export interface QuoteSums {
  subtotal: Money;
  shipping: Money;
  tax: Money;
  total: Money;
}

/** A quote: its lines, the same by rates of tax, and its sums. */
export interface Priced {
  lines: QuotedLine[];
  taxes: QuotedTax[];
  sums: QuoteSums;
}

/** Prices goods and their shipping, with tax rounded by the law of the destination. */
export function priceLines({ mode, currency, rounding, lines, shipping }: QuoteRequest): Priced {
  const of = (minor: bigint) => money(minor, currency);
  const shown = lines.map((line) => line.unitMinor * BigInt(line.quantity));
  const free = shipping.freeFrom !== null && total(shown) >= shipping.freeFrom;
  const shipped = { amount: free ? 0n : shipping.netMinor, mode: 'NET' as const, basisPoints: shipping.basisPoints };
  const items = [
    ...lines.map(({ basisPoints }, index): Taxable => ({ amount: shown[index]!, mode, basisPoints })),
    shipped,
  ];
  const taxes = taxesOf(items, rounding);
  const nets = items.map((item, index) => (item.mode === 'NET' ? item.amount : item.amount - taxes[index]!));
  const quoted = lines.map(
    ({ variantId, quantity, unitMinor, basisPoints }, index): QuotedLine => ({
      variantId,
      quantity,
      unitPrice: of(unitMinor),
      subtotal: of(nets[index]!),
      tax: of(taxes[index]!),
      total: of(nets[index]! + taxes[index]!),
      basisPoints,
    }),
  );
  const byRate = Map.groupBy(items.keys(), (index) => items[index]!.basisPoints);
  const rates = [...byRate]
    .map(([basisPoints, indexes]) => ({
      basisPoints,
      taxable: of(total(indexes.map((index) => nets[index]!))),
      tax: of(total(indexes.map((index) => taxes[index]!))),
    }))
    // Rounded up, the tax of a gross amount of one unit may be all of it.
    .filter(({ taxable, tax }) => taxable.minor > 0n || tax.minor > 0n)
    .sort((one, other) => other.basisPoints - one.basisPoints);
  const [goods, tax] = [total(nets.slice(0, -1)), total(taxes)];
  return {
    lines: quoted,
    taxes: rates,
    sums: {
      subtotal: of(goods),
      shipping: of(shipped.amount),
      tax: of(tax),
      total: of(goods + shipped.amount + tax),
    },
  };
}

const total = (amounts: readonly bigint[]): bigint => amounts.reduce((all, one) => all + one, 0n);

/** Basis points as a factor: 2550 is `0.255`. */
export function asFraction(basisPoints: number): string {
  const [whole, fraction] = [
    Math.trunc(basisPoints / 10_000),
    String(basisPoints % 10_000)
      .padStart(4, '0')
      .replace(/0+$/, ''),
  ];
  return fraction ? `${whole}.${fraction}` : String(whole);
}

/** The highest price. Sums of prices have their own bound (quote.ts). */
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

/** @throws Refusal INVALID_INPUT for a period that ends before it begins, or that is over already */
export function checkValidity({ validFrom, validUntil }: Pick<Validity, 'validFrom' | 'validUntil'>, now: Date): void {
  if (!validUntil) return;
  const path = ['input', 'validUntil'];
  if (validUntil <= validFrom) throw refuse('INVALID_INPUT', 'The price would end before it begins.', path);
  if (validUntil <= now) throw refuse('INVALID_INPUT', 'The price would be over already.', path);
}
