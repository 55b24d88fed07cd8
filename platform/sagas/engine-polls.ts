/**
 * DBOS looks into each queue by a transaction of four statements, as often as it polls, also while nothing waits there.
 * Here one statement looks first, by the engine's index of what is under way, whose condition it repeats.
 */
import type { Pool } from 'pg';
import { systemDatabase } from './engine-executor.ts';

const LOOK = `select exists (select from dbos.workflow_status
  where status in ('ENQUEUED', 'PENDING') and status = 'ENQUEUED' and queue_name = $1) as waits`;

/** Has the launch that is on take from a queue only if something waits there. */
export function lookBeforeClaiming(pool: Pick<Pool, 'query'>): void {
  const database = systemDatabase()!;
  const claim = database.findAndMarkStartableWorkflows;
  database.findAndMarkStartableWorkflows = async (queue, ...how) =>
    (await waitsIn(pool, queue.name)) ? claim.call(database, queue, ...how) : [];
}

/** A look that fails says nothing: the engine, which knows what to do without a database, asks itself. */
async function waitsIn(pool: Pick<Pool, 'query'>, queue: string): Promise<boolean> {
  try {
    return (await pool.query<{ waits: boolean }>(LOOK, [queue])).rows[0]!.waits;
  } catch {
    return true;
  }
}
