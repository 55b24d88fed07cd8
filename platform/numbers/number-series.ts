/** Series of numbers for documents that the law wants numbered without a gap: invoices, credit notes, refunds. */
import { dayIn } from '../time-zone.ts';

/** A series, as a room declares it. */
export interface NumberSeries {
  /** The name in the room's tables, one word: `refund`. Never changed once a number was drawn. */
  readonly name: string;
  /** Capitals at the beginning of each number: `RF`. */
  readonly prefix: string;
  /** Least digits of the counter, which is padded with zeros. A longer counter is written in full. */
  readonly digits: number;
  /** Whether the counter begins at 1 in each year, which then stands in the number, or never again. */
  readonly restarts: 'YEARLY' | 'NEVER';
}

/** The year of a series that never restarts, in its row. */
const NO_YEAR = 0;

/** Declares a series. @throws Error for a name, prefix or number of digits that cannot be used */
export function numberSeries(series: NumberSeries): NumberSeries {
  const { name, prefix, digits } = series;
  if (!/^[a-z][a-z\d_]{0,30}$/.test(name))
    throw new Error(`"${name}" is not a name for a series: use one lower-case word.`);
  if (!/^[A-Z][A-Z\d]{0,9}$/.test(prefix))
    throw new Error(`"${prefix}" is not a prefix of numbers: use 1 to 10 capitals and digits, a capital first.`);
  if (!Number.isInteger(digits) || digits < 1 || digits > 18)
    throw new Error(`A number of the series ${name} has 1 to 18 digits, not ${digits}.`);
  return series;
}

/** The year whose counter counts at an instant: of the day in the owner's time zone, or 0 if the series never restarts. */
export const yearOf = ({ restarts }: NumberSeries, timeZone: string, at: Date): number =>
  restarts === 'YEARLY' ? Number(dayIn(timeZone, at).slice(0, 4)) : NO_YEAR;

/** A number as people read it: `RF-2026-000123`, or `RF-000123` in a series that never restarts. */
export function formatNumber(series: NumberSeries, year: number, counter: bigint): string {
  const digits = counter.toString().padStart(series.digits, '0');
  return series.restarts === 'YEARLY' ? `${series.prefix}-${year}-${digits}` : `${series.prefix}-${digits}`;
}
