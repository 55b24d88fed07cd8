import { type SelectQueryBuilder, sql } from 'kysely';

/** Counts the rows of a query. */
export async function countOf(query: SelectQueryBuilder<any, any, any>): Promise<number> {
  const { count } = await query.clearSelect().select(sql<bigint>`count(*)`.as('count')).executeTakeFirstOrThrow();
  return Number(count);
}
