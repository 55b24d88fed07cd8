import { type RawBuilder, sql } from 'kysely';

/**
 * Membership in a list that may be empty, where `in ()` is no SQL: `query.where('id', '=', anyOf(ids))`. The statement
 * is the same for any number of values.
 */
export const anyOf = <Value extends string>(values: readonly Value[]): RawBuilder<Value> =>
  sql<Value>`any(${[...values]}::text[])`;
