import { type RawBuilder, sql } from 'kysely';

/** A document for a JSON column: the driver would send a list as a PostgreSQL array. */
export const json = <Value>(value: Value): RawBuilder<Value> => sql<Value>`${JSON.stringify(value)}::jsonb`;
