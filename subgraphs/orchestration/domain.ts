/** The status of sagas and their steps. Pure: no I/O, no clock, no randomness. */

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

/** Failed attempts of one step after which an operator should look at the saga. */
export const STUCK_AFTER = 10;

/** Facts of a saga, from the engine and from its steps. */
export interface SagaFacts {
  /** Its status in DBOS. */
  engineStatus: string;
  /** Whether a step was refused. */
  isRefused: boolean;
  /** Attempts of the step that is being tried, if it has failed. */
  failedAttempts: number;
  /** Whether an alert called an operator to it sooner. @default false */
  isStuck?: boolean;
  /** Whether it waits for a signal, such as a buyer's confirmation. @default false */
  isWaiting?: boolean;
  /** Whether one of its steps was done or tried. @default false */
  isBegun?: boolean;
}

/** The status of a saga. */
export function statusOf(facts: SagaFacts): SagaStatus {
  const { engineStatus, isRefused, failedAttempts, isWaiting = false, isBegun = false, isStuck = false } = facts;
  switch (engineStatus) {
    case 'SUCCESS':
      return isRefused ? 'COMPENSATED' : 'COMPLETED';
    case 'ENQUEUED':
    case 'DELAYED':
    case 'PENDING':
      // The engine has no status of its own for a saga between two attempts, parked or resumed.
      if (engineStatus !== 'PENDING' && !isBegun) return 'PENDING';
      if (failedAttempts >= STUCK_AFTER || isStuck) return 'STUCK';
      if (isRefused) return 'COMPENSATING';
      return isWaiting ? 'WAITING' : 'RUNNING';
    default:
      return 'FAILED';
  }
}

/** Facts of a step. */
export interface StepFacts {
  isKept: boolean;
  isRefused: boolean;
  /** Whether an operator skipped it. */
  isSkipped: boolean;
}

/** The status of a step. */
export function stepStatusOf({ isKept, isRefused, isSkipped }: StepFacts): SagaStepStatus {
  if (!isKept) return 'RETRYING';
  if (isSkipped) return 'SKIPPED';
  return isRefused ? 'REFUSED' : 'DONE';
}
