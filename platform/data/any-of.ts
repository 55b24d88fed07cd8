import { type RawBuilder, sql } from 'kysely';

/**
 * One of these, of which there may be none, where `in ()` is no SQL: `query.where('id', '=', anyOf(ids))`. It is the same
 * statement however many there are.
 */
export const anyOf = <Value extends string>(values: readonly Value[]): RawBuilder<Value> =>
  sql<Value>`any(${[...values]}::text[])`;
