/**
 * The story of a saga as a client hears it, told from what is kept of it: DBOS's rows of its steps and ours of failed
 * attempts. Pure: no I/O, no clock, no randomness.
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

/** A saga as it was seen. */
export interface Sight {
  saga: SagaRow;
  steps: readonly SagaStepRow[];
}

/** What a client knows of a saga. What, and not how far: the steps of branches end in no order that is fixed. */
export interface Told {
  /** The places of the steps that are over. */
  kept: readonly number[];
  /** The attempts of those that fail. */
  tried: Readonly<Record<string, number>>;
  isEnded: boolean;
}

/** Something that happened to a saga, and what a client knows who has heard it. */
export interface SagaFact {
  type: SagaEventType;
  step: string | null;
  status: SagaStatus;
  attempts: number | null;
  occurredAt: Date;
  told: Told;
}

/** The word of DBOS's for a saga that will not go on by itself is any but these. */
const UNDER_WAY: ReadonlySet<string> = new Set(['ENQUEUED', 'DELAYED', 'PENDING']);

/** What a client has not heard yet, in the order in which it happened. */
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

const byEnd = (a: SagaStepRow, b: SagaStepRow): number =>
  Number((a.completedAt ?? 0n) - (b.completedAt ?? 0n)) || Number(a.position) - Number(b.position);
