/** One life of DBOS (https://docs.dbos.dev) in this process: from a launch until its shutdown or a lost database. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Pool } from 'pg';
import { newId } from '../ids.ts';
import { tryOnce, untilItWorks } from './attempts.ts';
import { carry } from './carry.ts';
import type { SagaDefinition } from './define-saga.ts';
import { isEngineFault } from './engine-fault.ts';
import { leavePlace } from './engine-places.ts';
import { lookBeforeClaiming } from './engine-polls.ts';
import { callingOff, kindOf, SAGA_APPLICATION, type SagaOrigin } from './enqueue.ts';
import { InHand, PARK_AFTER_MS } from './in-hand.ts';
import { never } from './never.ts';
import { OrderlyStop } from './orderly-stop.ts';
import { Outages } from './outages.ts';
import { persistentPool } from './persistent-pool.ts';
import { QUEUES, queueNamed } from './queues.ts';
import { type Engine, runSaga } from './run-saga.ts';
import { sleep } from '../sleep.ts';
import { sagaEnded } from './saga-metrics.ts';
import { traced } from '../telemetry/tracing.ts';
import { Turns } from './turns.ts';
import { isStretchKept, STRETCH } from './stretch-checkpoints.ts';
import { forgetWait, isReceivable, wakeLike } from './waits.ts';
import type { WorkerOptions } from './worker.ts';

/** Milliseconds between polls for a message while a saga is not parked. */
const LOOK_MS = 250;
/** Longest wait between polls for a sub-saga's end; usually the worker wakes the parent sooner. */
const CHILD_MS = 60_000;
/** Milliseconds for ended sagas to have their end recorded at a stop; DBOS waits all of it if any is parked. */
const COMPLETION_MS = 200;
/** Recovery limit of DBOS, practically none: our sagas are resumed however often their worker dies. */
const MAX_RECOVERY_ATTEMPTS = 1_000_000_000;

/** A launch of DBOS and the sagas that run in it. One at a time: DBOS is a singleton per process. */
export class Life {
  readonly #options: WorkerOptions;
  readonly #stop = new OrderlyStop(isEngineFault);
  readonly #executor: string;
  readonly #running = new Set<InHand>();
  readonly #turns = new Map(Object.values(QUEUES).map(({ name, steps }) => [name, new Turns(steps)]));
  readonly #outages: Outages;
  #places = 0;

  private constructor(options: WorkerOptions, executor: string) {
    this.#options = options;
    this.#executor = executor;
    this.#outages = new Outages((saga, step) => wakeLike(options.pool, saga, step));
  }

  /** Launches DBOS. Sagas that this executor had claimed in an earlier life go back into the queue first. */
  static async begin(options: WorkerOptions, executor: string): Promise<Life> {
    const life = new Life(options, executor);
    configure(options, executor);
    for (const definition of options.sagas) life.#register(definition);
    await launch();
    lookBeforeClaiming(options);
    return life;
  }

  /** Shuts down the remains of an earlier life, or of a failed launch. */
  static async clear(): Promise<void> {
    await DBOS.shutdown({ deregister: true });
  }

  /** Aborts when the life ends, with a lost database's error as its reason. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** The ids of the sagas that run here. */
  get running(): string[] {
    return [...this.#running].map(({ id }) => id);
  }

  /** Ends the life because the database is lost: no step begins, and results of those under way are dropped. */
  lose(reason: unknown): void {
    this.#stop.lose(reason);
  }

  /** Ends the life between two steps of every saga. */
  async end(): Promise<void> {
    await this.#stop.begin();
    await DBOS.shutdown({ deregister: true, workflowCompletionTimeoutMS: COMPLETION_MS });
  }

  #register(definition: SagaDefinition): void {
    const own = QUEUES[definition.queue ?? 'ORDINARY'];
    // Sagas started by an older release have no origin.
    const workflow = async (input: unknown, origin: SagaOrigin = {}) => {
      // The queue by which a parked saga came back: stored in its row when it is parked, and passed on by the engine.
      const cameBackBy = DBOS.authenticatedUser;
      const saga = new InHand({
        pool: this.#options.pool,
        executor: this.#executor,
        id: DBOS.workflowID!,
        place: this.#places++,
        wasParked: cameBackBy !== '',
      });
      const turns = this.#turns.get(cameBackBy ? queueNamed(cameBackBy).name : own.name)!;
      this.#running.add(saga);
      try {
        const result = await traced(`saga ${kindOf(definition.name)}`, spanOf(saga.id, origin), () =>
          Promise.race([runSaga(definition, input, this.#engine(saga, turns, origin)), saga.left]),
        );
        if (result) {
          sagaEnded(saga.id, result.outcome);
          if (saga.hasWaits) await forgetWait(this.#options.pool, saga.id).catch(() => {});
          return result;
        }
      } finally {
        this.#running.delete(saga);
      }
      leavePlace(saga.id);
      return never();
    };
    DBOS.registerWorkflow(workflow, { name: definition.name, maxRecoveryAttempts: MAX_RECOVERY_ATTEMPTS });
  }

  #engine(saga: InHand, turns: Turns, { correlationId = newId('req') }: SagaOrigin): Engine {
    const { id } = saga;
    const stop = this.#stop;
    const { ask, clock, pool, log, onFailedAttempt, verdict } = this.#options;
    const options = { onFailedAttempt, verdict, log: log.child({ saga: id, correlationId }) };
    const forget = (step: string) => forgetWait(pool, id, step);
    const spanned = <T>(step: string, work: () => Promise<T>) =>
      traced(`step ${step}`, spanOf(id, { correlationId }), work);
    /** Errors of first attempts in a stretch, by step. */
    const failures = new Map<string, Error>();
    /** Whether a step was tried in this life: then no earlier one has kept what follows it. */
    let hasTried = false;
    return {
      id,
      ask: (command, variables, how) => ask(command, variables, { within: { correlationId }, ...how }),
      now: () => clock.now().toISOString(),
      step: (name, begin, how) =>
        stop.pass(async (leave) => {
          saga.begins(name);
          const attempted = { ...how, saga, step: name, work: begin, failure: failures.get(name) };
          failures.delete(name);
          const work = () => {
            hasTried = true;
            return untilItWorks(attempted, { options, stop, leave, turns, outages: this.#outages, forget });
          };
          const kept = await DBOS.runStep(() => spanned(name, work), { name });
          saga.ends(name);
          return kept;
        }),
      stretch: (work, isEnd) =>
        stop.pass(async () => {
          const number = saga.nextStretch();
          const run = () =>
            work(async (step, workOfStep, how) => {
              hasTried = true;
              const attempted = { saga, step, work: workOfStep, timeoutSeconds: how?.timeoutSeconds };
              const tried = await spanned(step, () => tryOnce(attempted, { stop, turns, outages: this.#outages }));
              if ('failure' in tried && tried.failure) failures.set(step, tried.failure);
              return tried;
            });
          // What was kept comes first: a step that was refused must not be asked again while it is being undone.
          const isKept = isEnd && !hasTried && (await isStretchKept(pool, id, number));
          if (!isEnd || isKept) return DBOS.runStep(run, { name: STRETCH });
          const ended = await run();
          return isEnd(ended) ? ended : DBOS.runStep(async () => ended, { name: STRETCH });
        }),
      carry: (step, child, input) =>
        carry(pool, { parent: id, step, saga: child, input, origin: { correlationId } }, stop.signal, (childId) =>
          restFor(saga, step, childId),
        ),
      callOff: async (other) => void (await pool.query(...callingOff(other, id))),
      receive: (topic, seconds) =>
        stop.pass(async (leave) => {
          leave();
          const written = await receivable(saga, topic, seconds, this.#options, stop);
          await DBOS.recv(topic, 0);
          // The message is checkpointed by now: its topic must not wake the saga when it is parked for another reason.
          if (written) await forget(written).catch(() => {});
        }),
    };
  }
}

/**
 * Waits for a message or its timeout. Unless that is a moment away the saga is parked at once, since a buyer takes half
 * an hour. So the engine is asked for a message only when it can answer at once.
 * @returns the name under which the wait is stored, if the saga was parked
 */
async function receivable(
  saga: InHand,
  topic: string,
  seconds: number,
  { pool }: Pick<WorkerOptions, 'pool'>,
  stop: OrderlyStop,
): Promise<string | undefined> {
  const number = saga.nextMessage();
  const step = `waits for ${topic} ${number}`;
  const waits = await saga.waits();
  const until = waits.ofStep.get(step)?.until ?? Date.now() + seconds * 1000;
  const isOver = async (): Promise<boolean> =>
    Date.now() >= until || (await saga.waits()).isCalledOff || (await isReceivable(pool, saga.id, topic, number));
  saga.begins(step);
  saga.rests({ step, attempts: 0, until, topic });
  while (!(await isOver())) {
    if (stop.signal.aborted) return undefined;
    const left = until - Date.now();
    const parked = left > PARK_AFTER_MS ? await saga.park() : 'NO';
    if (parked === 'PARKED') return never();
    if (parked === 'MESSAGE_WAITING') await saga.listen();
    else await sleep(Math.min(LOOK_MS, left), stop.signal);
  }
  saga.ends(step);
  return waits.ofStep.has(step) ? step : undefined;
}

/** Waits for the end of a sub-saga: parked, if no other step works. */
async function restFor(saga: InHand, step: string, child: string): Promise<void> {
  const attempts = (await saga.waits()).ofStep.get(step)?.attempts ?? 0;
  saga.rests({ step, attempts, until: Date.now() + CHILD_MS, child });
  try {
    const parked = await saga.park();
    if (parked === 'PARKED') return await never();
    if (parked === 'MESSAGE_WAITING') await saga.listen();
  } finally {
    saga.goesOn(step);
  }
}

/** The span of a saga, which continues the trace that started it; that of a step continues the saga's. */
const spanOf =
  (saga: string, { correlationId, traceparent }: SagaOrigin) =>
  () => ({
    kind: traceparent ? ('consumer' as const) : ('internal' as const),
    parent: traceparent,
    attributes: { 'agora.saga': saga, 'agora.correlation_id': correlationId },
  });

/** Launches DBOS and registers its queues; DBOS notices a new queue after a second. */
export async function launch(): Promise<void> {
  await DBOS.launch();
  for (const { name, places, pollMs } of Object.values(QUEUES))
    await DBOS.registerQueue(name, {
      minPollingIntervalMs: pollMs,
      workerConcurrency: places,
      onConflict: 'always_update',
    });
}

/** Configures DBOS. Without `listenQueues` it listens to all queues. */
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
