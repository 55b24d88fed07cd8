/**
 * DBOS looks into each queue by a transaction of four statements, as often as it polls, also while nothing waits there.
 * Here one statement looks first, by the engine's index of what is under way, whose condition it repeats. While nothing
 * was committed for a moment, one look a quarter of a second does for all queues.
 */
import type { Pool } from 'pg';
import { systemDatabase } from './engine-executor.ts';

/** Which of these queues have something in them. It ends at the first saga of each, however many wait there. */
const LOOK = `select queue from unnest($1::text[]) as queue where exists (select from dbos.workflow_status
  where status in ('ENQUEUED', 'PENDING') and status = 'ENQUEUED' and queue_name = queue)`;

/** How long after a commit, or after something was found, each queue is looked at for itself. Milliseconds. */
const AWAKE_MS = 500;
/** Milliseconds between two looks at all queues while it is quiet: a saga whose start nobody told of waits so long. */
const QUIET_LOOK_MS = 250;

/** What the queues are looked at with. */
export interface Looks {
  pool: Pick<Pool, 'query'>;
  /** When something was last committed, by `performance.now()`. @default it is never quiet */
  notifiedAt?(): number;
}

/** Has the launch that is on take from a queue only if something waits there. */
export function lookBeforeClaiming(looks: Looks): void {
  const database = systemDatabase()!;
  const claim = database.findAndMarkStartableWorkflows;
  const waitsIn = watchQueues(looks);
  database.findAndMarkStartableWorkflows = async (queue, ...how) =>
    (await waitsIn(queue.name)) ? claim.call(database, queue, ...how) : [];
}

/** Says whether a saga waits in a queue. */
export function watchQueues({ pool, notifiedAt }: Looks): (queue: string) => Promise<boolean> {
  let foundAt = -Infinity;
  let lookedAt = -Infinity;
  let found = new Set<string>();
  /** Those that were asked about so far. */
  const queues = new Set<string>();

  const look = async (some: Iterable<string>): Promise<Set<string>> => {
    const { rows } = await pool.query<{ queue: string }>(LOOK, [[...some]]);
    if (rows.length > 0) foundAt = performance.now();
    return new Set(rows.map((row) => row.queue));
  };

  return async (queue) => {
    const now = performance.now();
    queues.add(queue);
    try {
      const isQuiet = notifiedAt !== undefined && now - Math.max(foundAt, notifiedAt()) > AWAKE_MS;
      if (!isQuiet) return (await look([queue])).has(queue);
      if (now - lookedAt >= QUIET_LOOK_MS) {
        lookedAt = now;
        found = await look(queues);
      }
      return found.delete(queue);
    } catch {
      // A look that fails says nothing: the engine, which knows what to do without a database, asks itself.
      return true;
    }
  };
}
