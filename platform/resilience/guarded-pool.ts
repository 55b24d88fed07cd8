import type { PostgresPool } from 'kysely';
import { isTransient } from '../errors.ts';
import type { Guard } from './guard.ts';

/** Error message of an exhausted connection pool, which does not count against the server. */
const CROWDED = 'timeout exceeded when trying to connect';

/** Whether a failed connect means that the database is away. */
export const isDatabaseAway = (error: unknown): boolean => isTransient(error) && (error as Error).message !== CROWDED;

/** A connection pool behind a guard: while the database is away, callers fail at once. */
export const guardedPool = (pool: PostgresPool, guard: Guard): PostgresPool => ({
  options: pool.options,
  connect: () => guard.execute(() => pool.connect()),
  end: () => pool.end(),
});
