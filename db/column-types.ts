/** Parsers of column values, for our own pools: pg's own are global, and DBOS relies on them. */
import pg from 'pg';

const overrides = new pg.TypeOverrides();
/** int8: money in minor units and log positions do not fit a number. */
overrides.setTypeParser(pg.types.builtins.INT8, (text: string) => BigInt(text));
/** A date is a day and not an instant; pg would make it midnight in the machine's zone. */
overrides.setTypeParser(pg.types.builtins.DATE, (text: string) => text);

/** int8 is a bigint, date its text (`2026-01-31`), timestamptz a Date, numeric its text, jsonb what it holds. */
export const columnTypes: pg.CustomTypesConfig = overrides;
