/**
 * Runs the jobs of one agent in this process. A job is claimed by a lease: a process that dies loses it, and another one
 * goes on behind the last chunk that was kept. Every transaction of a chunk checks the claim first, so a runner that was
 * taken for dead, and lives, keeps nothing.
 */
import { Buffer } from 'node:buffer';
import { type RawBuilder, sql } from 'kysely';
import type { AgentContext } from '../agent/agent-context.ts';
import type { BackgroundTask } from '../agent/define-agent.ts';
import { Bell } from '../bell.ts';
import { columnsOf } from '../data/entity-table.ts';
import { json } from '../data/json.ts';
import { Fault, isTransient, Refusal, refuse } from '../errors.ts';
import type { Files, StoredFile } from '../files/files.ts';
import { newUuid } from '../ids.ts';
import { keepLooking } from '../keep-looking.ts';
import { sleep } from '../sleep.ts';
import type { Work } from '../store/store.ts';
import { add, count } from '../telemetry/metrics.ts';
import { delayAfter, errorsOf, isTold, MAX_FAILURES, waitAfter } from './domain.ts';
import { type JobRow, JobSchema, type JobTables } from './job-entity.ts';
import type { JobChunk, JobKind } from './job-kind.ts';
import { publishProgress, type ProgressEvent } from './publish.ts';

/** Timing of a runner, in milliseconds. */
export interface RunnerPace {
  /** How often it looks for jobs that nobody told it of: of processes that have died, or had no place. @default 15000 */
  sweepMs: number;
  /** How long a claim is good without progress. @default 60000 */
  leaseMs: number;
  /** How long a chunk may take. Less than the lease. @default 30000 */
  chunkMs: number;
  /** How long a job keeps the place of its kind while others wait for it. @default 10000 */
  turnMs: number;
}

const PACE: RunnerPace = { sweepMs: 15_000, leaseMs: 60_000, chunkMs: 30_000, turnMs: 10_000 };
/** The largest part that one chunk adds to a result, in bytes. */
const MAX_PART = 4_194_304;
/** The largest result, in bytes: its parts are in the database until they are put together. */
const MAX_RESULT = 1_073_741_824;

/** The job is not ours any more: it was cancelled, or taken over. */
class NotOurs extends Error {}

/** Parts that a runner works with. */
export interface RunnerParts {
  agent: string;
  kinds: ReadonlyMap<string, JobKind>;
  files: Files | undefined;
  progressed: ProgressEvent;
  pace?: Partial<RunnerPace>;
}

/** A runner: a task of its agent, and its bell. */
export interface JobRunner extends BackgroundTask {
  /** Has it look for jobs now. */
  ring(): void;
}

/** Creates the runner of an agent's jobs. Of each kind it works on one job at a time, so that none starves another. */
export function createRunner(
  { store, clock, log }: Pick<AgentContext, 'store' | 'clock' | 'log'>,
  { agent, kinds, files, progressed, pace }: RunnerParts,
): JobRunner {
  const { sweepMs, leaseMs, chunkMs, turnMs } = { ...PACE, ...pace };
  const db = store.read.withTables<JobTables>();
  const worker = newUuid();
  const running = new Map<string, Promise<void>>();
  const bell = new Bell();

  const later = (ms: number): Date => new Date(clock.now().getTime() + ms);

  /** Claims the job that is due first, of the kinds with a place. */
  const claim = async (): Promise<JobRow | undefined> => {
    const free = [...kinds.keys()].filter((kind) => !running.has(kind));
    if (free.length === 0) return undefined;
    const now = clock.now();
    const due = db
      .selectFrom('job')
      .select('id')
      .where('status', 'in', ['QUEUED', 'RUNNING'])
      .where('dueAt', '<=', now)
      .where('kind', 'in', free)
      .orderBy('dueAt')
      .orderBy('id')
      .limit(1)
      .forUpdate()
      .skipLocked();
    return (
      db
        .updateTable('job')
        .set((eb) => ({
          status: 'RUNNING',
          worker,
          dueAt: later(leaseMs),
          attempts: eb('attempts', '+', 1),
          // A claim that has run out is a process that has died.
          failures: sql<number>`failures + case when status = 'RUNNING' then 1 else 0 end`,
          startedAt: sql<Date>`coalesce(started_at, ${now}::timestamptz)`,
          version: eb('version', '+', 1),
        }))
        // One value, so that it is looked for once: `in` may look for each row anew, and claim several.
        .where('id', '=', due)
        .returning(columnsOf(JobSchema))
        .executeTakeFirst()
    );
  };

  const mine = (id: string) => (query: any) =>
    query.where('id', '=', id).where('worker', '=', worker).where('status', '=', 'RUNNING');

  /** Changes the job in a transaction, if it is still ours, and publishes its progress. @throws NotOurs */
  const change = (
    id: string,
    locks: readonly string[],
    changes: Partial<Record<keyof JobRow, unknown>>,
    apply?: (work: Work, job: JobRow) => Promise<void>,
  ): Promise<JobRow> =>
    store.write({ locks: [id, ...locks], origin: { correlationId: id } }, async (work) => {
      const jobs = work.sql.withTables<JobTables>();
      const now = clock.now();
      const told = await mine(id)(jobs.selectFrom('job').select(['toldAt']))
        .forUpdate()
        .executeTakeFirst();
      if (!told) throw new NotOurs();
      const status = (changes.status as JobRow['status'] | undefined) ?? 'RUNNING';
      // Waiting for the next try is no news.
      const isNews = status !== 'QUEUED' && isTold(status, told.toldAt, now);
      const job: JobRow = await mine(id)(
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

  /** Keeps a chunk: its effect, its progress and its part of the result. */
  const keep = async (job: JobRow, chunk: JobChunk<unknown>): Promise<JobRow> => {
    const { state, done, message, part, isLast = false, locks = [], apply } = chunk;
    if (done < job.done) throw new Fault('JOB_WENT_BACK', `A chunk of ${job.kind} says that less is done than before.`);
    const content = part ? Buffer.from(part) : undefined;
    if (content && content.length > MAX_PART)
      throw new Fault('JOB_PART_TOO_LARGE', `A chunk of ${job.kind} adds more than ${MAX_PART} bytes to its result.`);
    if (content && job.resultBytes + content.length > MAX_RESULT)
      throw refuse('INVALID_STATE', `The result would have more than ${MAX_RESULT.toLocaleString('en')} bytes.`);
    const total = chunk.total ?? job.total;
    const changes = {
      state: json(state as never),
      done,
      total: total === null ? null : Math.max(total, done),
      ...(message !== undefined && { message }),
      ...(content && { parts: job.parts + 1, resultBytes: job.resultBytes + content.length }),
      isWorked: isLast,
      failures: 0,
      dueAt: later(leaseMs),
    };
    return change(job.id, locks, changes, async (work) => {
      if (content) {
        const parts = work.sql.withTables<JobTables>();
        await parts.insertInto('job_part').values({ jobId: job.id, n: job.parts, content }).execute();
      }
      await apply?.(work);
    });
  };

  /** Puts the parts of the result together in a file. A crash before `finish` leaves a content that is swept. */
  const assemble = async (job: JobRow, kind: JobKind): Promise<StoredFile | undefined> => {
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
          await renew(job.id);
          renewedAt = clock.now().getTime();
        }
        const part = db.selectFrom('job_part').select('content').where('jobId', '=', job.id).where('n', '=', n);
        yield (await part.executeTakeFirstOrThrow()).content;
      }
    };
    return files.put({ name, mediaType, purpose, bytes, ownerId, createdBy }, parts());
  };

  const finish = async (job: JobRow, kind: JobKind): Promise<void> => {
    const result = await assemble(job, kind);
    await end(job, { status: 'SUCCEEDED', resultId: result?.id ?? null }, async (work) => {
      if (result) await files!.record(work, result);
    });
  };

  const end = async (
    job: JobRow,
    changes: Partial<Record<keyof JobRow, unknown>> & { status: JobRow['status'] },
    apply?: (work: Work) => Promise<void>,
  ): Promise<void> => {
    await change(job.id, [], { ...changes, worker: null, endedAt: clock.now() }, async (work) => {
      await apply?.(work);
      await work.sql.withTables<JobTables>().deleteFrom('job_part').where('jobId', '=', job.id).execute();
    });
    count('agora_jobs_total', { agent, kind: job.kind, status: changes.status });
  };

  /** Holds on to the claim while there is nothing to keep. @throws NotOurs */
  const renew = async (id: string): Promise<void> => {
    const held = await mine(id)(db.updateTable('job').set({ dueAt: later(leaseMs) }))
      .returning('id')
      .execute();
    if (held.length === 0) throw new NotOurs();
  };

  /** Gives the claim back; the job is tried again at that time. Does nothing if it is not ours any more. */
  const giveBack = async (
    id: string,
    dueAt: Date,
    more: { failures?: RawBuilder<number>; attempts?: RawBuilder<number> } = {},
  ): Promise<void> => {
    await mine(id)(db.updateTable('job').set({ status: 'QUEUED', worker: null, dueAt, ...more })).execute();
  };

  /** Whether another job of this kind is due, and has no place. */
  const isWaitedFor = async ({ id, kind }: JobRow): Promise<boolean> => {
    const others = db
      .selectFrom('job')
      .select('id')
      .where('status', 'in', ['QUEUED', 'RUNNING'])
      .where('dueAt', '<=', clock.now())
      .where('kind', '=', kind)
      .where('id', '<>', id)
      .limit(1);
    return (await others.executeTakeFirst()) !== undefined;
  };

  /** Gives the claim back to those that wait for the place; the job is behind them, and goes on where it is. */
  const yieldTurn = async (id: string, ms: number): Promise<void> => {
    // It is not begun once more, but goes on.
    await giveBack(id, later(ms), { attempts: sql<number>`attempts - 1` });
    ringLater(ms);
  };

  /** Works on a job, chunk by chunk, to its end or until the process stops. */
  const carry = async (claimed: JobRow, kind: JobKind, stopping: AbortSignal): Promise<void> => {
    let job = claimed;
    if (job.failures >= MAX_FAILURES)
      throw new Fault('JOB_GIVEN_UP', `${job.kind} did not come further in ${MAX_FAILURES} tries.`);
    const input = kind.input.parse(job.input);
    let turnEnds = later(turnMs);
    for (let waited = 0; !job.isWorked; ) {
      if (stopping.aborted) return giveBack(job.id, clock.now());
      const { id, state, done, ownerId, startedBy } = job;
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(chunkMs)]);
      const chunk = await orAborted(kind.chunk({ id, input, state, done, ownerId, startedBy, signal }), signal);
      const isWaiting = 'waits' in chunk;
      if (isWaiting) await renew(id);
      else job = await keep(job, chunk);
      const waitMs = isWaiting ? waitAfter(waited++) : 0;
      if (!isWaiting) waited = 0;
      if (!job.isWorked && turnEnds <= clock.now()) {
        if (await isWaitedFor(job)) return yieldTurn(id, waitMs);
        turnEnds = later(turnMs);
      }
      if (isWaiting) await sleep(waitMs, stopping);
    }
    await finish(job, kind);
  };

  /** Takes the job's failure: it ends, or is tried again later. Never rejects: a claim that is left runs out. */
  const failed = async (job: JobRow, error: unknown, stopping: AbortSignal): Promise<void> => {
    if (error instanceof NotOurs) return;
    try {
      if (stopping.aborted) return await giveBack(job.id, clock.now());
      const tries = await db.selectFrom('job').select('failures').where('id', '=', job.id).executeTakeFirst();
      const failures = (tries?.failures ?? 0) + 1;
      if (isTransient(error)) {
        log.warn({ err: error, job: job.id, kind: job.kind }, 'a job is tried again');
        return await retry(job, Math.max(job.attempts - 1, 1));
      }
      if (error instanceof Refusal || failures >= MAX_FAILURES) {
        const log_ = error instanceof Refusal ? log.info : log.error;
        log_.call(log, { err: error, job: job.id, kind: job.kind }, 'a job has failed');
        return await end(job, { status: 'FAILED', errors: json(errorsOf(error) as never) });
      }
      log.error({ err: error, job: job.id, kind: job.kind, failures }, 'a job failed, and is tried again');
      await retry(job, failures, sql<number>`failures + 1`);
    } catch (lost) {
      if (!(lost instanceof NotOurs)) log.warn({ err: lost, job: job.id }, 'a job waits until its claim has run out');
    }
  };

  const retry = async (job: JobRow, tries: number, failures?: RawBuilder<number>): Promise<void> => {
    const ms = delayAfter(tries, Math.random());
    await giveBack(job.id, later(ms), failures && { failures });
    ringLater(ms);
  };

  const ringLater = (ms: number): void => void setTimeout(() => bell.ring(), ms + 5).unref();

  const start = (job: JobRow, stopping: AbortSignal): void => {
    const kind = kinds.get(job.kind)!;
    const labels = { agent, kind: job.kind };
    add('agora_jobs_running', labels, 1);
    const work = carry(job, kind, stopping)
      .catch((error: unknown) => failed(job, error, stopping))
      .finally(() => {
        add('agora_jobs_running', labels, -1);
        running.delete(job.kind);
        // The next one of its kind.
        bell.ring();
      });
    running.set(job.kind, work);
  };

  return {
    name: 'run jobs',
    ring: () => bell.ring(),
    async run(signal) {
      const complaint = 'jobs that are due will be looked for again';
      // A defect of the look ends the run, which is started anew: nothing of it may go on beside that.
      const over = new AbortController();
      const stopping = AbortSignal.any([signal, over.signal]);
      const look = async (): Promise<number> => {
        for (let job = await claim(); job; job = await claim()) {
          if (stopping.aborted) {
            await giveBack(job.id, clock.now());
            break;
          }
          start(job, stopping);
        }
        return sweepMs * (0.9 + Math.random() / 5);
      };
      try {
        await keepLooking(look, { bell, log, complaint }, signal);
      } finally {
        over.abort();
        await Promise.all(running.values());
      }
    },
  };
}

/** The work's outcome, or the reason of the signal if that comes first: a chunk that hears no signal must not hold its place. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
