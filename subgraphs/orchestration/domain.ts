/** How the state of a saga reads. Pure: no I/O, no clock, no randomness. */

export const SagaStatus = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  WAITING: 'WAITING',
  COMPENSATING: 'COMPENSATING',
  COMPENSATED: 'COMPENSATED',
  COMPLETED: 'COMPLETED',
  STUCK: 'STUCK',
  FAILED: 'FAILED',
} as const;
export type SagaStatus = keyof typeof SagaStatus;

export const SagaStepStatus = { RETRYING: 'RETRYING', DONE: 'DONE', REFUSED: 'REFUSED', SKIPPED: 'SKIPPED' } as const;
export type SagaStepStatus = keyof typeof SagaStepStatus;

/** Failed attempts of one step after which somebody should look at the saga. */
export const STUCK_AFTER = 10;

/** What the engine says of a saga, and what its steps said. */
export interface SagaFacts {
  /** DBOS's own word for it. */
  engineStatus: string;
  /** Whether a step was refused. */
  isRefused: boolean;
  /** Attempts of the step that is being tried, if it has failed. */
  failedAttempts: number;
  /** Whether somebody was called to look at it sooner. @default false */
  isStuck?: boolean;
  /** Whether it waits for something from outside, such as a buyer's confirmation. @default false */
  isWaiting?: boolean;
  /** Whether a step of it was done or tried. @default false */
  isBegun?: boolean;
}

/** Where a saga is. */
export function statusOf(facts: SagaFacts): SagaStatus {
  const { engineStatus, isRefused, failedAttempts, isWaiting = false, isBegun = false, isStuck = false } = facts;
  switch (engineStatus) {
    case 'SUCCESS':
      return isRefused ? 'COMPENSATED' : 'COMPLETED';
    case 'ENQUEUED':
    case 'DELAYED':
    case 'PENDING':
      // The engine has no word for one that is between two attempts, parked, or taken up again.
      if (engineStatus !== 'PENDING' && !isBegun) return 'PENDING';
      if (failedAttempts >= STUCK_AFTER || isStuck) return 'STUCK';
      if (isRefused) return 'COMPENSATING';
      return isWaiting ? 'WAITING' : 'RUNNING';
    default:
      return 'FAILED';
  }
}

/** What was kept of a step. */
export interface StepFacts {
  isKept: boolean;
  isRefused: boolean;
  /** Whether an operator had it left out. */
  isSkipped: boolean;
}

/** Where a step is. */
export function stepStatusOf({ isKept, isRefused, isSkipped }: StepFacts): SagaStepStatus {
  if (!isKept) return 'RETRYING';
  if (isSkipped) return 'SKIPPED';
  return isRefused ? 'REFUSED' : 'DONE';
}
