import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { Fault } from '../errors.ts';
import type { Files, StoredFile } from '../files/files.ts';
import type { Claims } from './claims.ts';
import type { JobRow, JobTables } from './job-entity.ts';
import type { JobKind } from './job-kind.ts';

/** What a result is put together with. */
export interface AssembleOptions {
  db: Kysely<JobTables>;
  clock: Clock;
  agent: string;
  files: Files | undefined;
  claims: Pick<Claims, 'renew'>;
  leaseMs: number;
}

/**
 * Puts the parts of a job's result together in a file, and holds the claim meanwhile. A crash before the end of the job
 * leaves a content that is swept. @returns the file, which is still to be recorded; undefined for a job without a result
 */
export async function assembleResult(
  job: JobRow,
  kind: JobKind,
  { db, clock, agent, files, claims, leaseMs }: AssembleOptions,
): Promise<StoredFile | undefined> {
  if (job.parts === 0 || !kind.result) return undefined;
  if (!files) throw new Fault('JOB_WITHOUT_FILES', `${job.kind} has a result, and ${agent} has no files.`);
  const { purpose, mediaType, nameOf } = kind.result;
  const name = nameOf({ id: job.id, input: kind.input.parse(job.input) });
  const { ownerId, startedBy: createdBy, resultBytes: bytes } = job;
  let renewedAt = clock.now().getTime();
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < job.parts; n++) {
      // By the time, and not by the number of parts: a store may be slow.
      if (clock.now().getTime() - renewedAt >= leaseMs / 4) {
        await claims.renew(job.id);
        renewedAt = clock.now().getTime();
      }
      const part = db.selectFrom('job_part').select('content').where('jobId', '=', job.id).where('n', '=', n);
      yield (await part.executeTakeFirstOrThrow()).content;
    }
  };
  return files.put({ name, mediaType, purpose, bytes, ownerId, createdBy }, parts());
}
