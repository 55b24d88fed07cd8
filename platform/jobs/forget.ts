import type { Kysely } from 'kysely';
import type { JobTables } from './job-entity.ts';

/** How many days jobs are kept after their end. */
const KEPT_DAYS = 30;
/** Jobs deleted by one statement. */
const CHUNK = 1000;

/** Deletes jobs that ended long ago, in chunks. */
export async function forgetOldJobs(db: Kysely<JobTables>, now: Date, signal: AbortSignal): Promise<void> {
  const before = new Date(now.getTime() - KEPT_DAYS * 86_400_000);
  for (let gone = CHUNK; gone === CHUNK && !signal.aborted; ) {
    const old = db.selectFrom('job').select('id').where('endedAt', '<', before).orderBy('endedAt').limit(CHUNK);
    const { numDeletedRows } = await db.deleteFrom('job').where('id', 'in', old).executeTakeFirstOrThrow();
    gone = Number(numDeletedRows);
  }
}
