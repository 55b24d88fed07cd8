import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { formatNumber, type NumberSeries } from './number-series.ts';

const MOST_FOUND = 100;

/** Where a room keeps the numbers of a series, as its tables and columns are called in the database. */
export interface IssuedNumbers {
  /** The room. */
  schema: string;
  table: string;
  /** The column with the number; null in rows without one. */
  number: string;
  /** The column with the owner, if there are several. @default all are of one owner */
  owner?: string;
}

/**
 * Breaches of what a series promises, for tests and auditors: of each owner and year, the numbers issued are those from 1
 * to the last drawn, each once. Reads the database alone, holds all numbers in memory, and names at most 100 breaches.
 */
export async function numberViolations(
  kysely: Kysely<any>,
  series: NumberSeries,
  { schema, table, number, owner }: IssuedNumbers,
): Promise<string[]> {
  const { rows: drawn } = await raw<{ owner: string; year: number; last: bigint }>(
    kysely,
    `select owner, year, last from "${schema}".number_series where series = $1 order by owner, year`,
    [series.name],
  );
  const { rows: issued } = await raw<{ owner: string; number: string }>(
    kysely,
    `select ${owner ? `"${owner}"` : `''`} as owner, "${number}" as number from "${schema}"."${table}"
      where "${number}" is not null`,
  );
  const left = new Map<string, number>();
  for (const { owner: of, number: text } of issued) {
    const key = keyOf(of, text);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const found: string[] = [];
  for (const { owner: of, year, last } of drawn)
    for (let counter = 1n; counter <= last; counter++) {
      const text = formatNumber(series, year, counter);
      const key = keyOf(owner ? of : '', text);
      const times = left.get(key) ?? 0;
      if (times !== 1) found.push(`${text} of ${of} is issued ${times} times`);
      left.delete(key);
    }
  for (const key of left.keys()) found.push(`${key} is issued and was never drawn`);
  return found.slice(0, MOST_FOUND);
}

const keyOf = (owner: string, number: string): string => `${number} of "${owner}"`;
