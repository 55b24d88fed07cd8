/**
 * The saga worker. All workers share one name and one version, so that any of them resumes any saga, also those of a
 * worker that died. A lost database is waited for: sagas stand still meanwhile, and go on in a new life of DBOS.
 */
import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import type { Ask } from '../commands/ask.ts';
import { afterTransient, isLostRace } from '../data/retry.ts';
import { isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { measureSagas } from './saga-metrics.ts';
import { type SagaDefinition, stepsOf, type Verdict } from './define-saga.ts';
import { Lease } from './lease.ts';
import { configure, launch, Life } from './life.ts';
import { queueAges, queueNamed, QUEUES } from './queues.ts';
import { indexUnheard, Unheard } from './unheard.ts';
import { wakeParents } from './waits.ts';

/** Options of a worker. */
export interface WorkerOptions {
  url: string;
  pool: Pool;
  /** Name of this worker, stable over restarts: it takes over the sagas of its predecessor of this name at once. */
  executor: string;
  ask: Ask;
  clock: Clock;
  log: Logger;
  sagas: readonly SagaDefinition[];
  /** Called after every failed attempt of a step. */
  onFailedAttempt(saga: string, step: string, attempt: number, error: Error): Promise<void>;
  /**
   * An operator's decision about a step that fails: polled twice a second while its saga is in hand, and once when a
   * parked saga is woken for it (`steerSaga`). Return RETRY once, but SKIP or COMPENSATE at every call, since an answer
   * may be lost in a crash.
   */
  verdict?(saga: string, step: string): Promise<Verdict | undefined>;
  /** Time of the last commit, by `performance.now()`: queues are polled often after it. @default always */
  notifiedAt?(): number;
  /** Called with the reason when sagas stand still or the reason changes, and without one when they go on. */
  onStanding?(why?: Error): void;
}

/** A running worker. */
export interface SagaWorker {
  /** Whether it waits for its database. */
  readonly isLost: boolean;
  /** Ends between two steps, and hands unfinished sagas to the other workers. */
  stop(): Promise<void>;
}

/** Milliseconds between heartbeats and looks for orphaned sagas: with the lease, a takeover takes well below 10 s. */
const BEAT_MS = 1500;
/** Beats between checks that the queues move. */
const QUEUE_BEATS = 3;
/** Beats between searches for messages whose saga was not woken. */
const UNHEARD_BEATS = 2;
/** Milliseconds between attempts to reach a lost database. */
const RETRY_MS = 250;

/**
 * Creates DBOS's tables with the index that we need, and the queues, before the first agent starts: every command that
 * starts a saga writes to them. DBOS tries its first connection once: transient errors are retried here.
 */
export const prepareSagas = (options: Pick<WorkerOptions, 'url' | 'pool'>): Promise<void> =>
  afterTransient.execute(async () => {
    // It must not claim from a queue: no worker would run what it claimed.
    configure(options, 'preparing', []);
    try {
      await launch();
      await indexUnheard(options.pool);
    } finally {
      // Also after a launch that failed half-way: its timer would keep the process from ending.
      await Life.clear();
    }
  });

/** Starts the worker. Sagas that were interrupted by a crash go on at once. */
export async function startSagaWorker(options: WorkerOptions): Promise<SagaWorker> {
  const lease = new Lease(options.pool, options.executor);
  // Consumers that wake sagas, and other workers, write the same rows at this moment: a deadlock must not end the start.
  await afterTransient.execute(async () => {
    await lease.keep();
    await lease.succeed();
    await lease.takeOver([]);
    await nameQueues(options);
  });
  const state = { life: await afterTransient.execute(() => begin(options, lease)) };
  const ending = new AbortController();
  const watching = watch(state, lease, options, ending.signal);
  const stopMeasuring = measureSagas(options.pool, () => queueAges(options.pool));
  return {
    get isLost() {
      return state.life.signal.aborted && !ending.signal.aborted;
    },
    async stop() {
      ending.abort();
      stopMeasuring();
      await watching;
      await state.life.end();
      // Without a database the lease stays until it runs out.
      await lease.leave().catch((error) => options.log.warn({ err: error }, 'sagas could not be handed over'));
    },
  };
}

/** Begins a life, after clearing the remains of an earlier one. */
async function begin(options: WorkerOptions, lease: Lease): Promise<Life> {
  await Life.clear();
  return Life.begin(options, lease.executor);
}

/** Renews the lease, takes over orphaned sagas, and revives DBOS when it has lost its database. */
async function watch(state: { life: Life }, lease: Lease, options: WorkerOptions, ending: AbortSignal): Promise<void> {
  let queueProblem: Error | undefined;
  const unheard = new Unheard(options.pool);
  let looking: Promise<void> | undefined;
  const hasParents = options.sagas.some((saga) => stepsOf(saga).some((step) => step.saga));
  for (let beat = 0; !ending.aborted; beat++) {
    try {
      if (state.life.signal.aborted) {
        await revive(state, lease, options, ending);
        continue;
      }
      await lease.keep();
      const taken = await lease.takeOver(state.life.running);
      if (taken.length) options.log.warn({ sagas: taken }, 'sagas that nobody ran are taken over');
      if (hasParents) await wakeParents(options.pool);
      // Beside the beat, which must not wait for the locks of others.
      if (beat % UNHEARD_BEATS === 0)
        looking ??= unheard
          .wake()
          .catch((error) => options.log.debug({ err: error }, 'unheard messages could not be looked for'))
          .finally(() => {
            looking = undefined;
          });
      if (beat % QUEUE_BEATS === 0) queueProblem = await lookAtQueues(options, queueProblem);
    } catch (error) {
      // An exhausted pool or a lock timeout means that the database is busy, not away.
      const isBusy = isLostRace(error) || (error as Error).message === 'timeout exceeded when trying to connect';
      options.log.warn({ err: error }, 'saga worker could not give a sign of life');
      if (isTransient(error) && !isBusy) state.life.lose(error);
    }
    await sleep(BEAT_MS, AbortSignal.any([ending, state.life.signal]));
  }
  await looking;
}

/** Reports a queue whose first saga has been waiting for long as stuck, and reports when the queues move again. */
async function lookAtQueues(options: WorkerOptions, queueProblem: Error | undefined): Promise<Error | undefined> {
  const ages = await queueAges(options.pool);
  const stuck = ages.find(({ queue, seconds }) => seconds > queueNamed(queue).patienceSeconds);
  if (!stuck && !queueProblem) return undefined;
  const why = stuck && new QueueStands(stuck.queue, stuck.seconds);
  if (!queueProblem) options.log.error({ err: why }, 'a queue of sagas does not move');
  if (!why) options.log.info('the queues of sagas move again');
  options.onStanding?.(why);
  return why;
}

/** The reason why sagas wait though the database is there. */
class QueueStands extends Error {
  readonly code = 'QUEUE_STANDS';
  constructor(queue: string, seconds: number) {
    super(`The first saga of the queue "${queue}" has been waiting for a worker for ${Math.round(seconds)} seconds.`);
  }
}

/** Records the queue of each saga's name, for the processes that start sagas. */
async function nameQueues({ pool, sagas }: Pick<WorkerOptions, 'pool' | 'sagas'>): Promise<void> {
  await pool.query(
    `insert into platform.saga_queue (saga, queue) select * from unnest($1::text[], $2::text[])
     on conflict (saga) do update set queue = excluded.queue where saga_queue.queue <> excluded.queue`,
    [sagas.map(({ name }) => name), sagas.map(({ queue = 'ORDINARY' }) => QUEUES[queue].name)],
  );
}

/**
 * Launches DBOS anew after an outage. By itself it would go on late: each saga retries for itself, after up to ninety
 * seconds, and a claim whose answer was lost stays claimed. Launched anew it goes on with all of them at once; remains
 * of the old life find their sagas owned by the new one, and let go of them.
 */
async function revive(state: { life: Life }, lease: Lease, options: WorkerOptions, ending: AbortSignal): Promise<void> {
  options.log.error({ err: state.life.signal.reason }, 'the database is away: sagas wait for it');
  options.onStanding?.(state.life.signal.reason as Error);
  while (!ending.aborted) {
    try {
      await lease.keep();
      state.life = await begin(options, lease);
      options.log.info('the database is back: sagas go on');
      options.onStanding?.();
      return;
    } catch (error) {
      options.log.debug({ err: error }, 'the database is still away');
      options.onStanding?.(error as Error);
      await sleep(RETRY_MS, ending);
    }
  }
}
