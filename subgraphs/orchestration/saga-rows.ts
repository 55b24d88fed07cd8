/** Sagas as the graph reads them: from DBOS's tables, which hold their state, and from ours. */
import type { Connection } from '../../platform/graphql/connection.ts';

/** A saga as the graph reads it. */
export interface SagaRow {
  id: string;
  /** The name under which it was started, with its version: `placeOrder.v2`. */
  name: string;
  engineStatus: string;
  /** Milliseconds since 1970. */
  createdAt: bigint;
  updatedAt: bigint;
  /** The id of the parent saga, of which it is a step. */
  parentId: string | null;
  /** Whether it waits for a signal. */
  isWaiting: boolean;
}

/** A page of sagas. */
export type SagaConnectionRow = Connection<SagaRow>;

/** A step as the graph reads it. */
export interface SagaStepRow {
  sagaId: string;
  name: string;
  isKept: boolean;
  refusal: string | null;
  /** The refusal in words. */
  refusalMessage: string | null;
  /** The operator who skipped it. */
  skippedBy: string | null;
  attempts: number;
  lastError: string | null;
  /** Milliseconds since 1970. */
  startedAt: bigint | null;
  completedAt: bigint | null;
  /** Number of the step within its saga, once its result is stored: for the resume token of live events. */
  position: number | bigint;
  /** The time of its last failure, while it is being tried. */
  lastAt: Date | null;
  /** The time of its next attempt, while its saga is parked. */
  nextAttemptAt: Date | null;
  /** Whether an alert called an operator to it. */
  isStuck: boolean;
}
