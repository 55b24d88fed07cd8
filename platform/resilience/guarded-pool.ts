import type { PostgresPool } from 'kysely';
import { isTransient } from '../errors.ts';
import type { Guard } from './guard.ts';

/** The pool is at its limit: that is our own crowd, and says nothing of the server. */
const CROWDED = 'timeout exceeded when trying to connect';

/** Whether a failed connect means that the database is away. */
export const isDatabaseAway = (error: unknown): boolean => isTransient(error) && (error as Error).message !== CROWDED;

/** A pool whose connections come through a guard: while the database is away, whoever needs one is told at once. */
export const guardedPool = (pool: PostgresPool, guard: Guard): PostgresPool => ({
  options: pool.options,
  connect: () => guard.execute(() => pool.connect()),
  end: () => pool.end(),
});
