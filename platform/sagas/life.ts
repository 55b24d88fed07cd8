/** One life of DBOS (https://docs.dbos.dev) in this process: from a launch until it is shut down or loses its database. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Pool } from 'pg';
import { newId } from '../ids.ts';
import { untilItWorks } from './attempts.ts';
import { carry } from './carry.ts';
import type { SagaDefinition } from './define-saga.ts';
import { isEngineFault } from './engine-fault.ts';
import { SAGA_APPLICATION, SAGA_QUEUE, type SagaOrigin } from './enqueue.ts';
import { OrderlyStop } from './orderly-stop.ts';
import { persistentPool } from './persistent-pool.ts';
import { type Engine, runSaga } from './run-saga.ts';
import { sagaEnded } from '../telemetry/saga-metrics.ts';
import { traced } from '../telemetry/tracing.ts';
import { Turns } from './turns.ts';
import type { WorkerOptions } from './worker.ts';

/** Steps that one worker works at, at the same time. */
const STEPS = 64;
/**
 * Sagas that one worker has in hand, most of which wait: for a buyer who has half an hour to confirm a payment, or for
 * the next attempt of a step. With few of them, buyers who never come back would keep everybody else's orders waiting.
 */
const IN_HAND = 1000;
/** How often the queue is looked at: what a placed order waits for its saga, at most. */
const POLL_MS = 25;
/** How long ended sagas may take to have their end recorded when the worker stops; parked ones wait it out. */
const COMPLETION_MS = 200;
/** DBOS buries a saga that was begun so often. Ours are taken up again however often their worker dies. */
const MAX_RECOVERY_ATTEMPTS = 1_000_000_000;

/** A launch, and the sagas that run in it. Only one at a time: DBOS is one per process. */
export class Life {
  readonly #options: WorkerOptions;
  readonly #stop = new OrderlyStop(isEngineFault);
  readonly #running = new Set<{ id: string; place: number }>();
  readonly #turns = new Turns(STEPS);
  #places = 0;

  private constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Launches DBOS. What this executor had claimed in an earlier life goes back into the queue first. */
  static async begin(options: WorkerOptions, executor: string): Promise<Life> {
    const life = new Life(options);
    configure(options, executor);
    for (const definition of options.sagas) life.#register(definition);
    await launch();
    return life;
  }

  /** Shuts down what a life, or the attempt at one, has left of DBOS. */
  static async clear(): Promise<void> {
    await DBOS.shutdown({ deregister: true });
  }

  /** Aborts when it ends, with a lost database's error as its reason. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The ids of the sagas that run here. */
  get running(): string[] {
    return [...this.#running].map(({ id }) => id);
  }

  /** The database is away: no step begins any more, and what comes out of those under way counts for nothing. */
  lose(reason: unknown): void {
    this.#stop.lose(reason);
  }

  /** Ends it between two steps of every saga. */
  async end(): Promise<void> {
    await this.#stop.begin();
    await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: COMPLETION_MS });
  }

  #register(definition: SagaDefinition): void {
    // What was started by an older release has no origin.
    const workflow = async (input: unknown, origin: SagaOrigin = {}) => {
      const run = { id: DBOS.workflowID!, place: this.#places++ };
      this.#running.add(run);
      try {
        const result = await traced(`saga ${definition.name}`, spanOf(run.id, origin), () =>
          runSaga(definition, input, this.#engine(run, origin)),
        );
        sagaEnded(run.id, result.outcome);
        return result;
      } finally {
        this.#running.delete(run);
      }
    };
    DBOS.registerWorkflow(workflow, { name: definition.name, maxRecoveryAttempts: MAX_RECOVERY_ATTEMPTS });
  }

  #engine({ id, place }: { id: string; place: number }, { correlationId = newId('req') }: SagaOrigin): Engine {
    const stop = this.#stop;
    const { ask, clock, pool, log } = this.#options;
    const options = { ...this.#options, log: log.child({ saga: id, correlationId }) };
    return {
      id,
      ask: (command, variables, how) => ask(command, variables, { within: { correlationId }, ...how }),
      now: () => clock.now().toISOString(),
      step: (name, begin, how) =>
        stop.pass(async (leave) => {
          const attempted = { ...how, saga: id, step: name, place, work: begin };
          const work = () => untilItWorks(attempted, options, stop, leave, this.#turns);
          return DBOS.runStep(() => traced(`step ${name}`, spanOf(id, { correlationId }), work), { name });
        }),
      carry: (step, saga, input) =>
        carry(pool, { parent: id, step, saga, input, origin: { correlationId } }, stop.signal),
      receive: async (topic, seconds) => void (await stop.pass(async (leave) => (leave(), DBOS.recv(topic, seconds)))),
    };
  }
}

/** Goes on with the trace in which the saga was started; a step, with the saga's. */
const spanOf =
  (saga: string, { correlationId, traceparent }: SagaOrigin) =>
  () => ({
    kind: traceparent ? ('consumer' as const) : ('internal' as const),
    parent: traceparent,
    attributes: { 'agora.saga': saga, 'agora.correlation_id': correlationId },
  });

/** Launches DBOS, with the one queue. A queue that is new is noticed after a second only. */
export async function launch(): Promise<void> {
  await DBOS.launch();
  await DBOS.registerQueue(SAGA_QUEUE, {
    minPollingIntervalMs: POLL_MS,
    workerConcurrency: IN_HAND,
    onConflict: 'always_update',
  });
}

/** Tells DBOS what to launch as. Without queues to listen to, it listens to all. */
export function configure(
  { url, pool }: { url: string; pool: Pool },
  executorID: string,
  listenQueues?: string[],
): void {
  DBOS.setConfig({
    name: SAGA_APPLICATION.name,
    applicationVersion: SAGA_APPLICATION.version,
    systemDatabaseUrl: url,
    systemDatabasePool: persistentPool(pool),
    executorID,
    listenQueues,
    logLevel: 'error',
  });
}
