/**
 * Row filters: the decision of every room's `access.ts` on whose rows an actor sees, once for queries, loaders and
 * subscriptions. They are data, so that the same decision filters SQL and judges a row in memory.
 */
import { type ExpressionBuilder, sql, type SqlBool } from 'kysely';

/** A match of rows: all of these properties have these values. */
export type RowMatch = Readonly<Record<string, string>>;

/** All rows, none, or those that fit one of the matches. */
export type RowFilter = 'ALL' | 'NONE' | readonly RowMatch[];

/** The rows as a condition: `query.where(matching(rows))`. */
export const matching = (rows: RowFilter) => (eb: ExpressionBuilder<any, any>) => {
  if (rows === 'ALL') return sql<SqlBool>`true`;
  if (rows === 'NONE') return sql<SqlBool>`false`;
  return eb.or(rows.map((match) => eb.and(match)));
};

/** Whether a row in memory passes the filter. */
export function matches(row: Record<string, unknown>, rows: RowFilter): boolean {
  if (rows === 'ALL') return true;
  if (rows === 'NONE') return false;
  return rows.some((match) => Object.entries(match).every(([name, value]) => row[name] === value));
}
