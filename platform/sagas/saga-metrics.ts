/** Metrics of sagas: counted by the worker as they go, and read from the engine's tables at a scrape. */
import type { Pool } from 'pg';
import { kindOf, partsOf } from './enqueue.ts';
import { collectAtScrape, type Sample } from '../telemetry/collectors.ts';
import { count, observeMs } from '../telemetry/metrics.ts';

/** A step that is being attempted. */
export interface TriedStep {
  saga: string;
  step: string;
  failures: number;
}

const tried = new Set<TriedStep>();

/** Counts a step's attempts from its beginning in this process to its end. */
export function tryingStep(
  sagaId: string,
  step: string,
): { failed(times: number): void; ended(kept: unknown): void; left(): void } {
  const saga = nameOf(sagaId);
  const entry: TriedStep = { saga, step, failures: 0 };
  const begun = performance.now();
  tried.add(entry);
  return {
    failed(times) {
      entry.failures = times;
      count('agora_saga_steps_total', { saga, step, outcome: 'attempt_failed' });
    },
    ended(kept) {
      count('agora_saga_steps_total', { saga, step, outcome: outcomeOf(kept) });
      observeMs('agora_saga_step_duration_seconds', { saga, step }, performance.now() - begun);
    },
    left: () => void tried.delete(entry),
  };
}

/** Counts the end of a saga. */
export const sagaEnded = (sagaId: string, outcome: string): void =>
  count('agora_sagas_ended_total', { saga: nameOf(sagaId), outcome: outcome.toLowerCase() });

/**
 * Has the worker's sagas collected at every scrape. Returns a function that ends it.
 * @param queueAges age of the first saga in each queue
 */
export function measureSagas(
  pool: Pick<Pool, 'query'>,
  queueAges: () => Promise<{ queue: string; seconds: number }[]>,
): () => void {
  const ends = [
    collectAtScrape({
      name: 'saga steps',
      gauges: ['agora_saga_steps_failing', 'agora_saga_steps_parked', 'agora_saga_step_failed_attempts'],
      freshMs: 5000,
      collect: () => failingSteps(pool),
    }),
    collectAtScrape({
      name: 'saga queues',
      gauges: ['agora_saga_queue_age_seconds'],
      freshMs: 5000,
      collect: async () =>
        (await queueAges()).map(({ queue, seconds }) => ({
          name: 'agora_saga_queue_age_seconds',
          labels: { queue },
          value: seconds,
        })),
    }),
    collectAtScrape({
      name: 'sagas',
      gauges: ['agora_sagas_unfinished'],
      freshMs: 5000,
      collect: () => unfinished(pool),
    }),
    collectAtScrape({
      name: 'saga horizon',
      gauges: ['agora_saga_horizon_age_seconds'],
      freshMs: 5000,
      collect: () => horizonAge(pool),
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** Steps that have failed: those in the hands of this process, and parked ones, which come from the database. */
async function failingSteps(pool: Pick<Pool, 'query'>): Promise<Sample[]> {
  const { rows } = await pool.query<{ saga: string; step: string; count: string; failures: number }>(
    `select split_part(w.saga_id, ':', 1) as saga, w.step, count(*) as count, max(w.attempts) as failures
       from platform.saga_wait w join dbos.workflow_status s on s.workflow_uuid = w.saga_id and s.status = 'DELAYED'
      where w.attempts > 0 group by 1, 2`,
  );
  const parked = rows.map((row) => ({ ...row, count: Number(row.count) }));
  const inHand = [...bySagaAndStep([...tried].filter(({ failures }) => failures > 0))].map((steps) => ({
    ...steps[0]!,
    count: steps.length,
    failures: mostOf(steps),
  }));
  return [
    ...inHand.map(({ saga, step, count }) => sampleOf('agora_saga_steps_failing', saga, step, count)),
    ...parked.map(({ saga, step, count }) => sampleOf('agora_saga_steps_parked', saga, step, count)),
    ...[...bySagaAndStep([...inHand, ...parked])].map((steps) =>
      sampleOf('agora_saga_step_failed_attempts', steps[0]!.saga, steps[0]!.step, mostOf(steps)),
    ),
  ];
}

const bySagaAndStep = <T extends TriedStep>(steps: readonly T[]): Iterable<T[]> =>
  Map.groupBy(steps, ({ saga, step }) => `${saga}\n${step}`).values();
const mostOf = (steps: readonly TriedStep[]): number => Math.max(...steps.map(({ failures }) => failures));
const sampleOf = (name: Sample['name'], saga: string, step: string, value: number): Sample => ({
  name,
  labels: { saga, step },
  value,
});

/** Age of the saga horizon; none until orchestration has recorded it for the first time. */
async function horizonAge(pool: Pick<Pool, 'query'>): Promise<Sample[]> {
  const { rows } = await pool.query<{ seconds: string }>(
    'select extract(epoch from now() - since) as seconds from platform.saga_horizon',
  );
  return rows.map(({ seconds }) => ({ name: 'agora_saga_horizon_age_seconds', labels: {}, value: Number(seconds) }));
}

/** Counts unfinished sagas, by the conditions of the engine's partial indexes, so that ended ones are not read. */
async function unfinished(pool: Pick<Pool, 'query'>): Promise<Sample[]> {
  const { rows } = await pool.query<{ saga: string; status: string; count: string }>(
    `select name as saga, status, count(*) as count from (
         select name, status from dbos.workflow_status where status in ('ENQUEUED', 'PENDING')
         union all select name, status from dbos.workflow_status where status = 'DELAYED'
         union all select name, status from dbos.workflow_status
                    where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')) unfinished
      group by name, status`,
  );
  const samples = Map.groupBy(rows, ({ saga, status }) => `${kindOf(saga)}\n${STATES[status] ?? 'failed'}`);
  return [...samples].map(([key, group]): Sample => {
    const [saga, state] = key.split('\n') as [string, string];
    const value = group.reduce((sum, row) => sum + Number(row.count), 0);
    return { name: 'agora_sagas_unfinished', labels: { saga, state }, value };
  });
}

const STATES: Readonly<Record<string, string>> = { ENQUEUED: 'queued', DELAYED: 'waiting', PENDING: 'running' };

const nameOf = (sagaId: string): string => partsOf(sagaId).name;

/** The outcome of a step, by its checkpoint (`run-saga.ts`). */
function outcomeOf(kept: unknown): string {
  const { refusal, skippedBy } = (kept ?? {}) as { refusal?: unknown; skippedBy?: unknown };
  if (skippedBy) return 'skipped';
  return refusal ? 'refused' : 'done';
}
