/** Sagas as the graph reads them: from DBOS's tables, which hold their state, and from ours. */
import type { Connection } from '../../platform/graphql/connection.ts';

/** A saga as the graph reads it. */
export interface SagaRow {
  id: string;
  engineStatus: string;
  /** Milliseconds since 1970. */
  createdAt: bigint;
  updatedAt: bigint;
  /** The id of the saga whose step it is. */
  parentId: string | null;
  /** Whether it waits for something from outside. */
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
  /** Why, in words. */
  refusalMessage: string | null;
  /** Who had it left out. */
  skippedBy: string | null;
  attempts: number;
  lastError: string | null;
  /** Milliseconds since 1970. */
  startedAt: bigint | null;
  completedAt: bigint | null;
  /** Its place among the saga's steps, once it is kept. */
  position: number | bigint;
  /** When it last failed, while it is being tried. */
  lastAt: Date | null;
  /** When it is tried again, once it is tried seldom. */
  nextAttemptAt: Date | null;
  /** Whether somebody was called to look at it. */
  isStuck: boolean;
}
