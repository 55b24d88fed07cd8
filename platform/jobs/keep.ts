/** Keeping of what a job has done: each change is one transaction, which checks the claim first. */
import { Buffer } from 'node:buffer';
import type { AgentContext } from '../agent/agent-context.ts';
import { columnsOf } from '../data/entity-table.ts';
import { json } from '../data/json.ts';
import { Fault, refuse } from '../errors.ts';
import type { Work } from '../store/store.ts';
import { count } from '../telemetry/metrics.ts';
import { type Claims, NotOurs } from './claims.ts';
import { isTold } from './domain.ts';
import { type JobRow, JobSchema, type JobTables } from './job-entity.ts';
import type { JobChunk } from './job-kind.ts';
import { publishProgress, type ProgressEvent } from './publish.ts';

/** The largest part that one chunk adds to a result, in bytes. */
const MAX_PART = 4_194_304;
/** The largest result, in bytes: its parts are in the database until they are put together. */
const MAX_RESULT = 1_073_741_824;

/** What the keeping is made with. */
export interface KeepingOptions extends Pick<AgentContext, 'store' | 'clock'> {
  agent: string;
  claims: Claims;
  progressed: ProgressEvent;
}

/** Creates what keeps the progress and the end of one runner's jobs. */
export function createKeeping({ store, clock, agent, claims, progressed }: KeepingOptions) {
  /** Changes the job in a transaction, if it is still ours, and publishes its progress. @throws NotOurs */
  const change = (
    id: string,
    locks: readonly string[],
    changes: Partial<Record<keyof JobRow, unknown>>,
    apply?: (work: Work, job: JobRow) => Promise<void>,
  ): Promise<JobRow> =>
    store.write({ locks: [id, ...locks], origin: { correlationId: id } }, async (work) => {
      const jobs = work.sql.withTables<JobTables>();
      const mine = claims.mine(id);
      const now = clock.now();
      const told = await mine(jobs.selectFrom('job').select(['toldAt']))
        .forUpdate()
        .executeTakeFirst();
      if (!told) throw new NotOurs();
      const status = (changes.status as JobRow['status'] | undefined) ?? 'RUNNING';
      const isNews = isTold(status, told.toldAt, now);
      const job: JobRow = await mine(
        jobs.updateTable('job').set((eb: any) => ({
          ...changes,
          ...(isNews && { toldAt: now }),
          version: eb('version', '+', 1),
        })),
      )
        .returning(columnsOf(JobSchema))
        .executeTakeFirstOrThrow();
      await apply?.(work, job);
      if (isNews) publishProgress(work, progressed, job);
      return job;
    });

  return {
    /** Keeps a chunk: its effect, its progress and its part of the result. @throws NotOurs */
    async chunk(job: JobRow, chunk: JobChunk<unknown>): Promise<JobRow> {
      const { state, done, message, part, isLast = false, locks = [], apply } = chunk;
      if (done < job.done)
        throw new Fault('JOB_WENT_BACK', `A chunk of ${job.kind} says that less is done than before.`);
      const content = part ? Buffer.from(part) : undefined;
      if (content && content.length > MAX_PART)
        throw new Fault('JOB_PART_TOO_LARGE', `A chunk of ${job.kind} adds more than ${MAX_PART} bytes to its result.`);
      if (content && job.resultBytes + content.length > MAX_RESULT)
        throw refuse('INVALID_STATE', `The result would have more than ${MAX_RESULT.toLocaleString('en')} bytes.`);
      const total = chunk.total ?? job.total;
      const changes = {
        state: json(state as never),
        done,
        // What was counted at the beginning may have gone meanwhile: at the end all is done.
        total: total === null ? null : isLast ? done : Math.max(total, done),
        ...(message !== undefined && { message }),
        ...(content && { parts: job.parts + 1, resultBytes: job.resultBytes + content.length }),
        isWorked: isLast,
        failures: 0,
        tries: 0,
        dueAt: claims.until(),
      };
      return change(job.id, locks, changes, async (work) => {
        if (content) {
          const parts = work.sql.withTables<JobTables>();
          await parts.insertInto('job_part').values({ jobId: job.id, n: job.parts, content }).execute();
        }
        await apply?.(work);
      });
    },

    /** Keeps the end of a job. @throws NotOurs */
    async end(
      job: JobRow,
      changes: Partial<Record<keyof JobRow, unknown>> & { status: JobRow['status'] },
      apply?: (work: Work) => Promise<void>,
    ): Promise<void> {
      await change(job.id, [], { ...changes, worker: null, endedAt: clock.now() }, async (work) => {
        await apply?.(work);
        await work.sql.withTables<JobTables>().deleteFrom('job_part').where('jobId', '=', job.id).execute();
      });
      count('agora_jobs_total', { agent, kind: job.kind, status: changes.status });
    },
  };
}
