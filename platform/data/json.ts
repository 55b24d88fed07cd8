import { type RawBuilder, sql } from 'kysely';

/** A document for a column of JSON: the driver would send a list as an array of PostgreSQL's. */
export const json = <Value>(value: Value): RawBuilder<Value> => sql<Value>`${JSON.stringify(value)}::jsonb`;
