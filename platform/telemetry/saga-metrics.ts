/** Sagas in figures: told by the worker as they go, and by the engine's table at a scrape. */
import type { Pool } from 'pg';
import { collectAtScrape, type Sample } from './collectors.ts';
import { count, observeMs } from './metrics.ts';

/** A step that is being tried. */
export interface TriedStep {
  saga: string;
  step: string;
  failures: number;
}

const tried = new Set<TriedStep>();

/** Counts a step's attempts from its beginning in this process to its end. */
export function tryingStep(sagaId: string, step: string): { failed(): void; ended(kept: unknown): void; left(): void } {
  const saga = nameOf(sagaId);
  const entry: TriedStep = { saga, step, failures: 0 };
  const begun = performance.now();
  tried.add(entry);
  return {
    failed() {
      entry.failures++;
      count('agora_saga_steps_total', { saga, step, outcome: 'attempt_failed' });
    },
    ended(kept) {
      count('agora_saga_steps_total', { saga, step, outcome: outcomeOf(kept) });
      observeMs('agora_saga_step_duration_seconds', { saga, step }, performance.now() - begun);
    },
    left: () => void tried.delete(entry),
  };
}

/** A saga ended. */
export const sagaEnded = (sagaId: string, outcome: string): void =>
  count('agora_sagas_ended_total', { saga: nameOf(sagaId), outcome: outcome.toLowerCase() });

/** Has the worker's sagas collected at every scrape. Returns what ends it. */
export function measureSagas(pool: Pick<Pool, 'query'>): () => void {
  const ends = [
    collectAtScrape({
      name: 'saga steps',
      gauges: ['agora_saga_steps_failing', 'agora_saga_step_failed_attempts'],
      collect: failingSteps,
    }),
    collectAtScrape({
      name: 'sagas',
      gauges: ['agora_sagas_unfinished'],
      freshMs: 5000,
      collect: () => unfinished(pool),
    }),
  ];
  return () => ends.forEach((end) => end());
}

function failingSteps(): Sample[] {
  const failing = [...tried].filter(({ failures }) => failures > 0);
  return [...Map.groupBy(failing, ({ saga, step }) => `${saga}\n${step}`).values()].flatMap((steps): Sample[] => {
    const { saga, step } = steps[0]!;
    const most = Math.max(...steps.map(({ failures }) => failures));
    return [
      { name: 'agora_saga_steps_failing', labels: { saga, step }, value: steps.length },
      { name: 'agora_saga_step_failed_attempts', labels: { saga, step }, value: most },
    ];
  });
}

/** By the engine's partial indexes, whose conditions these are: those that have ended, which are many, are not looked at. */
async function unfinished(pool: Pick<Pool, 'query'>): Promise<Sample[]> {
  const { rows } = await pool.query<{ saga: string; status: string; count: string }>(
    `select name as saga, status, count(*) as count from (
         select name, status from dbos.workflow_status where status in ('ENQUEUED', 'PENDING')
         union all select name, status from dbos.workflow_status where status = 'DELAYED'
         union all select name, status from dbos.workflow_status
                    where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')) unfinished
      group by name, status`,
  );
  const samples = Map.groupBy(rows, ({ saga, status }) => `${saga}\n${STATES[status] ?? 'failed'}`);
  return [...samples].map(([key, group]): Sample => {
    const [saga, state] = key.split('\n') as [string, string];
    const value = group.reduce((sum, row) => sum + Number(row.count), 0);
    return { name: 'agora_sagas_unfinished', labels: { saga, state }, value };
  });
}

const STATES: Readonly<Record<string, string>> = { ENQUEUED: 'queued', DELAYED: 'queued', PENDING: 'running' };

const nameOf = (sagaId: string): string => sagaId.split(':', 1)[0]!;

/** What was kept of a step (`run-saga.ts`) says how it ended. */
function outcomeOf(kept: unknown): string {
  const { refusal, skippedBy } = (kept ?? {}) as { refusal?: unknown; skippedBy?: unknown };
  if (skippedBy) return 'skipped';
  return refusal ? 'refused' : 'done';
}
