/**
 * The jobs of an agent: long work in chunks, each of whose effect, progress and part of the result are one transaction.
 * They run in any process of the agent (runner.ts).
 */
import type { AgentContext } from '../agent/agent-context.ts';
import type { BackgroundTask, ScheduledJob } from '../agent/define-agent.ts';
import { columnsOf } from '../data/entity-table.ts';
import { anyOf } from '../data/any-of.ts';
import type { IdempotencyKey } from '../data/idempotency.ts';
import { matching, type RowFilter } from '../data/row-filter.ts';
import { refuse } from '../errors.ts';
import type { FileRow } from '../files/file-entity.ts';
import type { Files } from '../files/files.ts';
import { connect, type PageArgs } from '../graphql/connection.ts';
import type { RequestContext } from '../graphql/context.ts';
import { loadOne } from '../graphql/per-request.ts';
import type { JobFilter } from '../graphql/shared.generated.ts';
import { newId } from '../ids.ts';
import type { Origin } from '../store/store.ts';
import { count } from '../telemetry/metrics.ts';
import { hasEnded } from './domain.ts';
import { forgetOldJobs } from './forget.ts';
import { type JobConnectionRow, type JobRow, JobSchema, type JobTables } from './job-entity.ts';
import type { JobKind } from './job-kind.ts';
import { publishProgress, type ProgressEvent } from './publish.ts';
import { createRunner, type RunnerPace } from './runner.ts';
import { type JobEventRow, type Watched, watchJob } from './watch.ts';

/** The most jobs of one caller that have not ended. */
export const MAX_OPEN = 20;

/** A job to start. */
export interface NewJob<Input> {
  input: Input;
  ownerId: string | null;
  /** The request that starts it: the same again starts nothing. Its actor is the one who starts it. */
  key: IdempotencyKey & { origin: Origin };
}

/** An agent's jobs. */
export interface Jobs {
  /**
   * The job that an earlier request with this key has started. Asked before what is only true of a first request, such as
   * that a file is still there. @throws Refusal IDEMPOTENCY_KEY_REUSED
   */
  earlier(key: IdempotencyKey): Promise<string | undefined>;
  /** Starts a job, and returns its id. @throws Refusal INVALID_STATE for too many, IDEMPOTENCY_KEY_REUSED */
  start<Input>(kind: JobKind<Input>, job: NewJob<Input>): Promise<string>;
  /** Cancels a job; one that is cancelled already stays so. @throws Refusal NOT_FOUND, INVALID_STATE if it has ended */
  cancel(id: string, options: { rows: RowFilter; context: RequestContext }): Promise<void>;
  /** A page of these rows, the latest job first. */
  page(filter: JobFilter, page: PageArgs, rows: RowFilter): Promise<JobConnectionRow>;
  /** Jobs by their ids, of any owner: whose they are is for the caller to check. */
  load: ReturnType<typeof loadOne<JobRow>>;
  /** The job with this id if it is among these rows. */
  visible(id: string, rows: RowFilter): Promise<JobRow | null>;
  /** Progress of a job, to its end. */
  watch(watched: Watched): AsyncGenerator<JobEventRow, void>;
  /** Resolvers of the types `Job` and `JobEvent`: add them to the agent's resolvers. */
  resolvers: object;
  /** Add them to the agent's background tasks. */
  backgroundTasks: readonly BackgroundTask[];
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

/** What an agent's jobs are made of. */
export interface JobsOptions {
  kinds: readonly JobKind[];
  /** Where results are kept: for kinds that have one. */
  files?: Files;
  /** The event of progress, of `jobProgressed(agent)`, which stands in the agent's `emits`. */
  progressed: ProgressEvent;
  /** Timing of the runner. @default as {@link RunnerPace} says */
  pace?: Partial<RunnerPace>;
}

/**
 * Creates the jobs of the agent of this name. Its definition must say `jobs: true`, which gives it their tables.
 * @throws Error for two kinds of one name
 */
export function createJobs(
  agent: string,
  { store, clock, log, live }: Pick<AgentContext, 'store' | 'clock' | 'log' | 'live'>,
  { kinds, files, progressed, pace }: JobsOptions,
): Jobs {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  if (byName.size < kinds.length) throw new Error(`${agent} has two kinds of jobs with one name.`);
  const db = store.read.withTables<JobTables>();
  const JOB = columnsOf(JobSchema);
  const runner = createRunner({ store, clock, log }, { agent, kinds: byName, files, progressed, pace });
  const load = loadOne<JobRow>(
    (ids) => db.selectFrom('job').select(JOB).where('id', '=', anyOf(ids)).execute(),
    (row) => row.id,
  );

  return {
    load,
    earlier: async (key) => (await store.earlierOutcome<{ jobId: string }>(key))?.jobId,

    async start({ name, input: schema, begin }, { input, ownerId, key }) {
      const checked = schema.parse(input);
      const id = newId('job');
      const { actor: startedBy } = key;
      const { jobId } = await store.idempotent({ ...key, locks: [id, `jobs:${startedBy}`] }, async (work) => {
        const open = work.sql
          .withTables<JobTables>()
          .selectFrom('job')
          .select('id')
          .where('startedBy', '=', startedBy)
          .where('status', 'in', ['QUEUED', 'RUNNING'])
          .limit(MAX_OPEN);
        if ((await open.execute()).length === MAX_OPEN)
          throw refuse('INVALID_STATE', `${MAX_OPEN} jobs of yours have not ended: wait for one, or cancel it.`);
        const now = clock.now();
        await work.insert(JobSchema, {
          id,
          kind: name,
          input: checked,
          state: begin(checked),
          status: 'QUEUED',
          ownerId,
          startedBy,
          dueAt: now,
          toldAt: now,
          createdAt: now,
        });
        publishProgress(work, progressed, (await work.findIfAny(JobSchema, id))!);
        return { jobId: id };
      });
      runner.ring();
      return jobId;
    },

    async cancel(id, { rows, context }) {
      await store.write({ locks: [id], origin: context }, async (work) => {
        const path = ['input', 'id'];
        const found = await work.find(JobSchema, id, { rows, path });
        if (found.status === 'CANCELLED') return;
        if (hasEnded(found.status)) throw refuse('INVALID_STATE', 'This job has ended already.', path);
        const changes = { status: 'CANCELLED' as const, worker: null, endedAt: clock.now() };
        const job = await work.save(JobSchema, found, changes);
        await work.sql.withTables<JobTables>().deleteFrom('job_part').where('jobId', '=', id).execute();
        publishProgress(work, progressed, job);
        count('agora_jobs_total', { agent, kind: job.kind, status: 'CANCELLED' });
      });
    },

    page({ status, kind }, page, rows) {
      let some = db.selectFrom('job').select(JOB).where(matching(rows));
      if (status != null) some = some.where('status', '=', status);
      if (kind != null) some = some.where('kind', '=', kind);
      return connect(some, { column: 'createdAt', direction: 'DESC' }, page);
    },

    visible: async (id, rows) =>
      (await db.selectFrom('job').select(JOB).where('id', '=', id).where(matching(rows)).executeTakeFirst()) ?? null,

    async *watch(watched) {
      const ended = db.selectFrom('job').select('endedAt').where('id', '=', watched.jobId);
      const at = (await ended.executeTakeFirst())?.endedAt;
      yield* watchJob(live, progressed, watched, at ? clock.now().getTime() - at.getTime() : undefined);
    },

    resolvers: {
      Job: {
        result: ({ resultId }: JobRow, _: unknown, context: RequestContext): Promise<FileRow | null> | null =>
          resultId && files ? files.load(context).load(resultId) : null,
      },
      JobEvent: {
        job: ({ jobId }: JobEventRow, _: unknown, context: RequestContext) => load(context).load(jobId),
      },
    },

    backgroundTasks: [runner],
    scheduledJobs: [
      { name: 'forget jobs', everySeconds: 3600, run: (signal) => forgetOldJobs(db, clock.now(), signal) },
    ],
  };
}
