/**
 * The saga worker: DBOS (https://docs.dbos.dev), a library that keeps each step's result in PostgreSQL. All workers
 * share one name and one version, so that any of them resumes any saga.
 */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Pool } from 'pg';
import type { Clock } from '../clock.ts';
import type { Ask } from '../commands/ask.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { SagaDefinition } from './define-saga.ts';
import { SAGA_APPLICATION, SAGA_QUEUE } from './enqueue.ts';
import { OrderlyStop } from './orderly-stop.ts';
import { runSaga } from './run-saga.ts';

/** What a worker stands on. */
export interface WorkerOptions {
  url: string;
  pool: Pool;
  /** The name of this worker: its own unfinished sagas are resumed when it starts again under this name. */
  executor: string;
  ask: Ask;
  clock: Clock;
  log: Logger;
  sagas: readonly SagaDefinition[];
  /** Told of every attempt of a step that failed. */
  onFailedAttempt(saga: string, step: string, attempt: number, error: Error): Promise<void>;
}

/** Sagas that one worker runs at the same time. */
const CONCURRENCY = 64;
/** How often the queue is looked at: what a placed order waits for its saga, at most. */
const POLL_MS = 25;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** How long ended sagas may take to have their end recorded when the worker stops; parked ones wait it out. */
const COMPLETION_MS = 200;

/** Creates DBOS's tables. Before the first agent starts: every command that starts a saga writes to them. */
export async function prepareSagas({ url, pool }: Pick<WorkerOptions, 'url' | 'pool'>): Promise<void> {
  // It must not take from the queue: what it took nobody would go on with, since the worker has another name.
  configure(url, pool, 'preparing', []);
  await DBOS.launch();
  await DBOS.shutdown({ deregister: true });
}

/** Starts the worker. Sagas that a crash left unfinished go on at once. */
export async function startSagaWorker(options: WorkerOptions): Promise<{ stop(): Promise<void> }> {
  configure(options.url, options.pool, options.executor);
  const stop = new OrderlyStop();
  for (const definition of options.sagas) register(definition, options, stop);
  await DBOS.launch();
  await DBOS.registerQueue(SAGA_QUEUE, {
    minPollingIntervalMs: POLL_MS,
    workerConcurrency: CONCURRENCY,
    onConflict: 'always_update',
  });
  return {
    async stop() {
      await stop.begin();
      await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: COMPLETION_MS });
    },
  };
}

function configure(url: string, pool: Pool, executorID: string, listenQueues?: string[]): void {
  DBOS.setConfig({
    name: SAGA_APPLICATION.name,
    applicationVersion: SAGA_APPLICATION.version,
    systemDatabaseUrl: url,
    systemDatabasePool: pool,
    executorID,
    listenQueues,
    logLevel: 'error',
  });
}

function register(definition: SagaDefinition, options: WorkerOptions, stop: OrderlyStop): void {
  const { ask, clock } = options;
  DBOS.registerWorkflow(
    (input: unknown) => {
      const id = DBOS.workflowID!;
      return runSaga(definition, input, {
        id,
        ask,
        now: () => clock.now().toISOString(),
        step: (name, work) =>
          stop.pass((leave) => DBOS.runStep(() => untilItWorks(id, name, work, options, stop, leave), { name })),
        receive: async (topic, seconds) => void (await stop.pass((leave) => (leave(), DBOS.recv(topic, seconds)))),
      });
    },
    { name: definition.name },
  );
}

/** Faults pass: a step is tried again until it answers, ever less often, for as long as this worker lives. */
async function untilItWorks<T>(
  saga: string,
  step: string,
  work: () => Promise<T>,
  options: WorkerOptions,
  stop: OrderlyStop,
  leave: () => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (stop.signal.aborted) return stop.park(leave);
      options.log.warn({ err: error, saga, step, attempt }, 'saga step will be tried again');
      await options.onFailedAttempt(saga, step, attempt, error as Error).catch(() => {});
      await sleep(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2), stop.signal);
      if (stop.signal.aborted) return stop.park(leave);
    }
  }
}
