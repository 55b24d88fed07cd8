/**
 * The live events of a saga, derived from its stored state: DBOS's rows of its steps and our rows of failed attempts.
 * Pure: no I/O, no clock, no randomness.
 */
import { type SagaStatus, statusOf } from '../domain.ts';
import type { SagaRow, SagaStepRow } from '../saga-rows.ts';

export const SagaEventType = {
  STARTED: 'STARTED',
  STEP_COMPLETED: 'STEP_COMPLETED',
  STEP_SKIPPED: 'STEP_SKIPPED',
  STEP_REFUSED: 'STEP_REFUSED',
  STEP_FAILED: 'STEP_FAILED',
  ENDED: 'ENDED',
} as const;
export type SagaEventType = keyof typeof SagaEventType;

/** A snapshot of a saga and its steps. */
export interface Sight {
  saga: SagaRow;
  steps: readonly SagaStepRow[];
}

/** The events that a client has received of a saga. A set, not a position: the steps of branches end in any order. */
export interface Told {
  /** The positions of ended steps. */
  kept: readonly number[];
  /** The attempts of failing steps. */
  tried: Readonly<Record<string, number>>;
  isEnded: boolean;
}

/** An event of a saga, with the state of a client that has received it. */
export interface SagaFact {
  type: SagaEventType;
  step: string | null;
  status: SagaStatus;
  attempts: number | null;
  occurredAt: Date;
  told: Told;
}

/** DBOS's statuses of a saga that is under way; in any other it will not go on by itself. */
const UNDER_WAY: ReadonlySet<string> = new Set(['ENQUEUED', 'DELAYED', 'PENDING']);

/** The events that a client has not received yet, in the order in which they happened. */
export function newFacts({ saga, steps }: Sight, told: Told | undefined): SagaFact[] {
  const facts: SagaFact[] = [];
  let now: Told = told ?? { kept: [], tried: {}, isEnded: false };
  const tell = (fact: Omit<SagaFact, 'told'>, change: Partial<Told> = {}): void => {
    now = { ...now, ...change };
    facts.push({ ...fact, told: now });
  };
  if (!told) {
    const occurredAt = at(saga.createdAt);
    tell({ type: 'STARTED', step: null, status: 'PENDING', attempts: null, occurredAt });
  }
  const known = new Set(now.kept);
  let isRefused = steps.some((step) => known.has(Number(step.position)) && step.refusal !== null);
  for (const step of steps.filter((step) => step.isKept).sort(byEnd)) {
    const place = Number(step.position);
    if (known.has(place)) continue;
    isRefused ||= step.refusal !== null;
    const { [step.name]: _, ...tried } = now.tried;
    tell(
      {
        type: typeOf(step),
        step: step.name,
        status: isRefused ? 'COMPENSATING' : 'RUNNING',
        attempts: step.attempts,
        occurredAt: at(step.completedAt ?? saga.updatedAt),
      },
      { kept: [...now.kept, place], tried },
    );
  }
  for (const { name, attempts, lastAt, isStuck } of steps.filter((step) => !step.isKept)) {
    if (attempts <= (now.tried[name] ?? 0)) continue;
    const status = statusOf({ engineStatus: 'PENDING', isRefused, failedAttempts: attempts, isStuck });
    tell(
      { type: 'STEP_FAILED', step: name, status, attempts, occurredAt: lastAt! },
      { tried: { ...now.tried, [name]: attempts } },
    );
  }
  if (!UNDER_WAY.has(saga.engineStatus) && !now.isEnded) {
    const status = statusOf({ engineStatus: saga.engineStatus, isRefused, failedAttempts: 0 });
    tell({ type: 'ENDED', step: null, status, attempts: null, occurredAt: at(saga.updatedAt) }, { isEnded: true });
  }
  return facts;
}

function typeOf({ refusal, skippedBy }: SagaStepRow): SagaEventType {
  if (refusal !== null) return 'STEP_REFUSED';
  return skippedBy === null ? 'STEP_COMPLETED' : 'STEP_SKIPPED';
}

const at = (milliseconds: bigint): Date => new Date(Number(milliseconds));

/** Steps that ended in the same millisecond stay in their order. */
const byEnd = (a: SagaStepRow, b: SagaStepRow): number => Number((a.completedAt ?? 0n) - (b.completedAt ?? 0n));
