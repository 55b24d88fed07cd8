/** Rounding of tax. Pure, and exact until it rounds: fractions of integers, never a float. */
import { allocate, divideRounded } from '../../../platform/money.ts';
import type { PriceMode, TaxCountryRow } from '../entities.ts';

/** The rounding by the law of a place, to the currency's minor unit. */
export interface TaxRounding {
  /** LINE: each line for itself. RATE: once for the sum of an order at one rate, as on a Japanese invoice. */
  per: TaxCountryRow['rounding'];
  /** HALF_UP: away from zero at the half. DOWN and UP: always. */
  mode: TaxCountryRow['roundingMode'];
}

/** A taxable amount: of a line, or of shipping. */
export interface Taxable {
  /** Without tax in mode NET, with it in GROSS; not negative. */
  amount: bigint;
  mode: PriceMode;
  /** Hundredths of a per cent. */
  basisPoints: number;
}

const ROUND: Readonly<Record<TaxRounding['mode'], (numerator: bigint, denominator: bigint) => bigint>> = {
  HALF_UP: divideRounded,
  DOWN: (numerator, denominator) => numerator / denominator,
  UP: (numerator, denominator) => (numerator + denominator - 1n) / denominator,
};

/**
 * The tax of each amount: on top of a net one, within a gross one. A sum that is rounded together is then divided by
 * the largest remainder, so that the taxes of the lines add up to the tax of the order.
 */
export function taxesOf(items: readonly Taxable[], { per, mode }: TaxRounding): bigint[] {
  const taxes = items.map(() => 0n);
  const groups = Map.groupBy(items.keys(), (index) => (per === 'RATE' ? items[index]!.basisPoints : `line ${index}`));
  for (const indexes of groups.values()) {
    const rate = BigInt(items[indexes[0]!]!.basisPoints);
    const shares = indexes.map((index) => exactTax(items[index]!));
    const sum = shares.reduce((all, share) => all + share, 0n);
    const parts = allocate(ROUND[mode](sum, denominatorOf(rate)), shares);
    indexes.forEach((index, n) => (taxes[index] = parts[n]!));
  }
  return taxes;
}

/** One denominator for both modes of a rate: 1/(10,000 (10,000 + rate)) of a minor unit. */
const denominatorOf = (rate: bigint): bigint => 10_000n * (10_000n + rate);

function exactTax({ amount, mode, basisPoints }: Taxable): bigint {
  const rate = BigInt(basisPoints);
  return amount * rate * (mode === 'NET' ? 10_000n + rate : 10_000n);
}
