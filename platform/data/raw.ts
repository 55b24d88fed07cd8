import { CompiledQuery, type Kysely } from 'kysely';

/** A statement with `$n` placeholders, and their values. */
export type Statement = readonly [text: string, values: readonly unknown[]];

/** The outcome of a raw statement. */
export interface RawResult<Row> {
  rows: Row[];
  /** Rows returned or changed. */
  count: number;
}

/** Runs SQL with `$n` placeholders on a connection pool or, given a transaction, inside it. */
export async function raw<Row = Record<string, unknown>>(
  db: Kysely<any>,
  text: string,
  values: readonly unknown[] = [],
): Promise<RawResult<Row>> {
  const result = await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
  return { rows: result.rows, count: Number(result.numAffectedRows ?? result.rows.length) };
}
