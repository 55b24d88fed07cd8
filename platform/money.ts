/**
 * Money: an integer of minor units and an ISO 4217 currency. Never a float: sums are exact, and a split is by the
 * largest remainder, so that its parts add up to the whole.
 */

/** An amount of money. `minor` counts the currency's smallest unit: 12.34 EUR is 1234n, 500 JPY is 500n. */
export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}

/** ISO 4217 exponents that are not 2 (https://www.six-group.com/en/products-services/financial-information/data-standards.html). */
// biome-ignore format: a table
const EXPONENTS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0,
  XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
  CLF: 4, UYW: 4,
};

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** Whether this is the code of a currency in ISO 4217. */
export const isCurrency = (code: string): boolean => CURRENCIES.has(code);

/** Most digits before the point of a `Decimal`, in every currency. */
export const MAX_DIGITS = 15;
/** The largest number of minor units: PostgreSQL's int8. */
const MAX_MINOR = 2n ** 63n - 1n;

/** The largest amount that can be written, sent and stored: below 10^15 major units, and 64 bits of minor ones. */
export function maxAmount(currency: string): bigint {
  const digits = 10n ** BigInt(MAX_DIGITS + exponentOf(currency)) - 1n;
  return digits < MAX_MINOR ? digits : MAX_MINOR;
}

/** Digits behind the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export const exponentOf = (currency: string): number => EXPONENTS[currency] ?? 2;

/** An amount of minor units. */
export const money = (minor: bigint | number, currency: string): Money => ({ minor: BigInt(minor), currency });

/** The sum. All must have the same currency. @throws RangeError */
export function sum(amounts: Iterable<Money>, currency: string): Money {
  let minor = 0n;
  for (const amount of amounts) {
    if (amount.currency !== currency) throw new RangeError(`cannot add ${amount.currency} to ${currency}`);
    minor += amount.minor;
  }
  return { minor, currency };
}

/** Formats an amount in major units, as people write it: `"12.34"`, `"500"`, `"-0.005"`. */
export function toDecimal({ minor, currency }: Money): string {
  const digits = exponentOf(currency);
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${minor < 0n ? '-' : ''}${whole}${digits ? `.${text.slice(-digits)}` : ''}`;
}

/** Syntax of a `Decimal`: a sign, {@link MAX_DIGITS} digits, and 6 after the point. */
export const DECIMAL = new RegExp(String.raw`^(-?)(\d{1,${MAX_DIGITS}})(?:\.(\d{1,6}))?$`);

/**
 * Parses an amount in major units.
 * @throws RangeError if the text is no decimal number, finer than the currency's minor unit, or beyond {@link maxAmount}
 */
export function fromDecimal(amount: string, currency: string): Money {
  const match = DECIMAL.exec(amount);
  const digits = exponentOf(currency);
  const fraction = (match?.[3] ?? '').replace(/0+$/, '');
  if (!match || fraction.length > digits) {
    throw new RangeError(
      `"${amount}" is not an amount in ${currency}: give a decimal number with at most ${digits} digits behind the point.`,
    );
  }
  const minor = BigInt(match[2]! + fraction.padEnd(digits, '0'));
  if (minor > maxAmount(currency)) throw new RangeError(`"${amount}" is more than can be paid in ${currency}.`);
  return { minor: match[1] ? -minor : minor, currency };
}

/**
 * Splits an amount in proportion to weights, by the largest remainder (Hare-Niemeyer): no part is off by more than one
 * minor unit, and the parts sum to the whole. Ties go to the earlier part. All weights zero: split evenly.
 * @throws RangeError for a negative weight
 */
export function allocate(amount: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) return [];
  if (weights.some((weight) => weight < 0n)) throw new RangeError('a weight must not be negative');
  if (amount < 0n) return allocate(-amount, weights).map((part) => -part);
  let total = weights.reduce((a, b) => a + b, 0n);
  const shares = total === 0n ? weights.map(() => 1n) : weights;
  if (total === 0n) total = BigInt(weights.length);
  const parts = shares.map((weight) => (amount * weight) / total);
  const left = amount - parts.reduce((a, b) => a + b, 0n);
  shares
    .map((weight, index) => ({ index, remainder: (amount * weight) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1))
    .slice(0, Number(left))
    .forEach(({ index }) => parts[index]!++);
  return parts;
}

/** Divides and rounds half away from zero, the way of tax tables. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return negative ? -rounded : rounded;
}
