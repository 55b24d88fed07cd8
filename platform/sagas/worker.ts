/**
 * The saga worker. All workers share one name and one version, so that any of them resumes any saga: those of a worker
 * that died, too. A lost database is waited for: the sagas stand still meanwhile, and go on in a new life of DBOS.
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

/** What a worker stands on. */
export interface WorkerOptions {
  url: string;
  pool: Pool;
  /** The name of this worker, stable over restarts: it takes over at once what its predecessor of this name left. */
  executor: string;
  ask: Ask;
  clock: Clock;
  log: Logger;
  sagas: readonly SagaDefinition[];
  /** Told of every attempt of a step that failed. */
  onFailedAttempt(saga: string, step: string, attempt: number, error: Error): Promise<void>;
  /**
   * What an operator has decided about a step that fails: asked twice a second while its saga is in hand, and once when
   * a saga that is parked is woken for it (`steerSaga`). To retry is to be told once; to skip or to compensate, for as
   * long as it is asked: what is told may be lost in a crash.
   */
  verdict?(saga: string, step: string): Promise<Verdict | undefined>;
  /** When something was last committed, by `performance.now()`: then queues are looked at often. @default always */
  notifiedAt?(): number;
  /** Told why sagas stand still, also when the reason changes; and without a reason when they go on. */
  onStanding?(why?: Error): void;
}

/** A running worker. */
export interface SagaWorker {
  /** Whether it waits for its database. */
  readonly isLost: boolean;
  /** Ends between two steps, and gives what is unfinished to the other workers. */
  stop(): Promise<void>;
}

/** How often it gives a sign of life, and looks for what others left: with the lease, well within ten seconds. */
const BEAT_MS = 1500;
/** How often it looks whether its queues move, in beats. */
const QUEUE_BEATS = 3;
/** How often it looks for messages that nobody woke their saga for, in beats. */
const UNHEARD_BEATS = 2;
/** How often a database that is away is asked for. */
const RETRY_MS = 250;

/**
 * Creates DBOS's tables with the index that we need, and the queue. Before the first agent starts: every command that
 * starts a saga writes to them. DBOS asks for its first connection once: what passes is tried again.
 */
export const prepareSagas = (options: Pick<WorkerOptions, 'url' | 'pool'>): Promise<void> =>
  afterTransient.execute(async () => {
    // It must not take from the queue: nobody would go on with what it took.
    configure(options, 'preparing', []);
    try {
      await launch();
      await indexUnheard(options.pool);
    } finally {
      // Also of a launch that failed half-way: a timer of it would keep the process from ending.
      await Life.clear();
    }
  });

/** Starts the worker. Sagas that a crash left unfinished go on at once. */
export async function startSagaWorker(options: WorkerOptions): Promise<SagaWorker> {
  const lease = new Lease(options.pool, options.executor);
  await lease.keep();
  await lease.succeed();
  await lease.takeOver([]);
  await nameQueues(options);
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
      // Without a database it stays as it is, until the lease runs out.
      await lease.leave().catch((error) => options.log.warn({ err: error }, 'sagas could not be handed over'));
    },
  };
}

/** Begins a life, after what another, or the attempt at one, has left. */
async function begin(options: WorkerOptions, lease: Lease): Promise<Life> {
  await Life.clear();
  return Life.begin(options, lease.executor);
}

/** Keeps the lease, takes over what is left, and revives DBOS when it has lost its database. */
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
      // With every connection in use, or a lock that others hold, it is busy and not away: that passes.
      const isBusy = isLostRace(error) || (error as Error).message === 'timeout exceeded when trying to connect';
      options.log.warn({ err: error }, 'saga worker could not give a sign of life');
      if (isTransient(error) && !isBusy) state.life.lose(error);
    }
    await sleep(BEAT_MS, AbortSignal.any([ending, state.life.signal]));
  }
  await looking;
}

/** A queue whose first saga has been standing for long does not move: that is told, and that it moves again. */
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

/** Why sagas wait though the database is there. */
class QueueStands extends Error {
  readonly code = 'QUEUE_STANDS';
  constructor(queue: string, seconds: number) {
    super(`The first saga of the queue "${queue}" has been waiting for a worker for ${Math.round(seconds)} seconds.`);
  }
}

/** Writes down in which queue the sagas of each name wait, for those that start them. */
async function nameQueues({ pool, sagas }: Pick<WorkerOptions, 'pool' | 'sagas'>): Promise<void> {
  await pool.query(
    `insert into platform.saga_queue (saga, queue) select * from unnest($1::text[], $2::text[])
     on conflict (saga) do update set queue = excluded.queue where saga_queue.queue <> excluded.queue`,
    [sagas.map(({ name }) => name), sagas.map(({ queue = 'ORDINARY' }) => QUEUES[queue].name)],
  );
}

/**
 * DBOS itself would go on after an outage, but late: each saga tries again for itself, after up to ninety seconds, and
 * what was claimed while the answer was lost stays claimed. Launched anew it goes on with all of them at once; whatever
 * is left of the old life finds its sagas owned by the new one, and lets go of them.
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
