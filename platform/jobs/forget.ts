import type { Kysely } from 'kysely';
import { deleteInChunks } from '../data/in-chunks.ts';
import type { JobTables } from './job-entity.ts';

/** How many days jobs are kept after their end. */
const KEPT_DAYS = 30;
/** Jobs deleted by one statement. */
const CHUNK = 1000;

/** Deletes jobs that ended long ago, in chunks. */
export async function forgetOldJobs(db: Kysely<JobTables>, now: Date, signal: AbortSignal): Promise<void> {
  const before = new Date(now.getTime() - KEPT_DAYS * 86_400_000);
  const old = db.selectFrom('job').select('id').where('endedAt', '<', before).orderBy('endedAt');
  await deleteInChunks(CHUNK, signal, (limit) => db.deleteFrom('job').where('id', 'in', old.limit(limit)));
}
