/**
 * Cheap polls of the saga queues. DBOS polls each queue by a transaction of four statements, also while it is empty.
 * Here one statement looks first, by the engine's partial index of unfinished workflows, whose condition it repeats.
 * While nothing was committed for a moment, one look every 250 ms does for all queues.
 */
import type { Pool } from 'pg';
import { systemDatabase } from './engine-executor.ts';

/** Selects the queues that are not empty. It stops at the first saga of each, however many wait there. */
const LOOK = `select queue from unnest($1::text[]) as queue where exists (select from dbos.workflow_status
  where status in ('ENQUEUED', 'PENDING') and status = 'ENQUEUED' and queue_name = queue)`;

/** Milliseconds after a commit, or after a saga was found, for which each queue is polled by itself. */
const AWAKE_MS = 500;
/** Milliseconds between polls while it is quiet: the longest wait of a saga started without a notification. */
const QUIET_LOOK_MS = 250;

/** Options of the polls. */
export interface Looks {
  pool: Pick<Pool, 'query'>;
  /** Time of the last commit, by `performance.now()`. @default it is never quiet */
  notifiedAt?(): number;
}

/** Has the current launch of DBOS claim from a queue only if a saga waits there. */
export function lookBeforeClaiming(looks: Looks): void {
  const database = systemDatabase()!;
  const claim = database.findAndMarkStartableWorkflows;
  const waitsIn = watchQueues(looks);
  database.findAndMarkStartableWorkflows = async (queue, ...how) =>
    (await waitsIn(queue.name)) ? claim.call(database, queue, ...how) : [];
}

/** Returns a function that tells whether a saga waits in a queue. */
export function watchQueues({ pool, notifiedAt }: Looks): (queue: string) => Promise<boolean> {
  let foundAt = -Infinity;
  let lookedAt = -Infinity;
  let found = new Set<string>();
  /** Queues that were asked about so far. */
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
      // A poll that fails tells nothing: leave it to the engine, which knows what to do without a database.
      return true;
    }
  };
}
