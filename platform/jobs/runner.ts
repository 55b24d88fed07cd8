/**
 * Runs the jobs of one agent in this process. A job is claimed by a lease: a process that dies loses it, and another one
 * goes on behind the last chunk that was kept. Every transaction of a chunk checks the claim first, so a runner that was
 * taken for dead, and lives, keeps nothing.
 */
import { type RawBuilder, sql } from 'kysely';
import type { AgentContext } from '../agent/agent-context.ts';
import type { BackgroundTask } from '../agent/define-agent.ts';
import { Bell } from '../bell.ts';
import { json } from '../data/json.ts';
import { Fault, isTransient, Refusal } from '../errors.ts';
import type { Files } from '../files/files.ts';
import { keepLooking } from '../keep-looking.ts';
import { sleep } from '../sleep.ts';
import { add } from '../telemetry/metrics.ts';
import { createClaims, NotOurs } from './claims.ts';
import { delayAfter, errorsOf, MAX_FAILURES, waitAfter } from './domain.ts';
import type { JobRow, JobTables } from './job-entity.ts';
import type { JobKind } from './job-kind.ts';
import { createKeeping } from './keep.ts';
import type { ProgressEvent } from './publish.ts';
import { assembleResult } from './result.ts';

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
  const claims = createClaims({ db, clock, leaseMs });
  const keep = createKeeping({ store, clock, agent, claims, progressed });
  const running = new Map<string, Promise<void>>();
  const bell = new Bell();

  /** Claims the job that is due first, of the kinds with a place. */
  const claim = (): Promise<JobRow | undefined> => claims.claim([...kinds.keys()].filter((kind) => !running.has(kind)));

  const finish = async (job: JobRow, kind: JobKind): Promise<void> => {
    const result = await assembleResult(job, kind, { db, clock, agent, files, claims, leaseMs });
    try {
      await keep.end(job, { status: 'SUCCEEDED', resultId: result?.id ?? null }, async (work) => {
        if (result) await files!.record(work, result);
      });
    } catch (error) {
      // It was cancelled, or its owner's quota is full: jobs that end so again and again would fill the store.
      if (result && (error instanceof NotOurs || error instanceof Refusal))
        await files!
          .discard(result)
          .catch((err: unknown) => log.warn({ err, job: job.id }, 'a result that nobody wants was not deleted'));
      throw error;
    }
  };

  /** Works on a job, chunk by chunk, to its end or until the process stops. */
  const carry = async (claimed: JobRow, kind: JobKind, stopping: AbortSignal): Promise<void> => {
    let job = claimed;
    if (job.failures >= MAX_FAILURES)
      throw new Fault('JOB_GIVEN_UP', `${job.kind} did not come further in ${MAX_FAILURES} tries.`);
    const input = kind.input.parse(job.input);
    let turnEnds = claims.later(turnMs);
    for (let waited = 0; !job.isWorked; ) {
      if (stopping.aborted) return claims.giveBack(job.id, clock.now());
      const { id, state, done, ownerId, startedBy } = job;
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(chunkMs)]);
      const chunk = await orAborted(kind.chunk({ id, input, state, done, ownerId, startedBy, signal }), signal);
      const isWaiting = 'waits' in chunk;
      if (isWaiting) await claims.renew(id);
      else job = await keep.chunk(job, chunk);
      const waitMs = isWaiting ? waitAfter(waited++) : 0;
      if (!isWaiting) waited = 0;
      if (!job.isWorked && turnEnds <= clock.now()) {
        if (await claims.isWaitedFor(job)) {
          await claims.yieldTurn(id, waitMs);
          return ringLater(waitMs);
        }
        turnEnds = claims.later(turnMs);
      }
      if (isWaiting) await sleep(waitMs, stopping);
    }
    await finish(job, kind);
  };

  /** Takes the job's failure: it ends, or is tried again later. Never rejects: a claim that is left runs out. */
  const failed = async (job: JobRow, error: unknown, stopping: AbortSignal): Promise<void> => {
    if (error instanceof NotOurs) return;
    try {
      if (stopping.aborted) return await claims.giveBack(job.id, clock.now());
      const counts = await db
        .selectFrom('job')
        .select(['failures', 'tries'])
        .where('id', '=', job.id)
        .executeTakeFirst();
      const failures = (counts?.failures ?? 0) + 1;
      if (isTransient(error)) {
        log.warn({ err: error, job: job.id, kind: job.kind }, 'a job is tried again');
        return await retry(job, Math.max(counts?.tries ?? 1, 1));
      }
      if (error instanceof Refusal || failures >= MAX_FAILURES) {
        const log_ = error instanceof Refusal ? log.info : log.error;
        log_.call(log, { err: error, job: job.id, kind: job.kind }, 'a job has failed');
        return await keep.end(job, { status: 'FAILED', errors: json(errorsOf(error) as never) });
      }
      log.error({ err: error, job: job.id, kind: job.kind, failures }, 'a job failed, and is tried again');
      await retry(job, failures, sql<number>`failures + 1`);
    } catch (lost) {
      if (!(lost instanceof NotOurs)) log.warn({ err: lost, job: job.id }, 'a job waits until its claim has run out');
    }
  };

  const retry = async (job: JobRow, tries: number, failures?: RawBuilder<number>): Promise<void> => {
    const ms = delayAfter(tries, Math.random());
    await claims.giveBack(job.id, claims.later(ms), failures && { failures });
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
        claims.serve(job);
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
            await claims.giveBack(job.id, clock.now());
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
