/**
 * Sagas (Garcia-Molina and Salem, 1987): work over several agents, as named steps with compensations (undo). A step is
 * a command to one agent; it runs at least once, and its idempotency key makes the effect exactly once. When a step is
 * refused, completed steps are undone in reverse. The pivot cannot be undone: steps before it can be, steps after it
 * are retried until they succeed. Faults are retried, never compensated.
 */
import type { Ask } from '../commands/ask.ts';
import type { UserError } from '../errors.ts';
import type { QueueClass } from './queues.ts';

/** Context of a step. `State` is the merged results of the steps before it. */
export interface StepContext<Input, State> {
  readonly input: Input;
  readonly state: Readonly<Partial<State>>;
  /** `<saga id>:<step>`: the idempotency key of the step's command. */
  readonly key: string;
  readonly ask: Ask;
  /** The reason for the compensation; only in undos and in `whenRefused`. */
  readonly refusal?: SagaRefusal;
  /** Log of the steps so far, oldest first, for the aggregate's timeline. */
  readonly story: readonly StepReport[];
  /** For `subSaga` (sub-saga.ts): as `Engine.carry`. */
  carry(step: string, saga: string, input?: Record<string, unknown>): Promise<SagaResult | undefined>;
  /** Ends a saga by its id, because its subject has ended: as `Engine.callOff`. */
  callOff(saga: string): Promise<void>;
}

/** The refused step, and its errors. */
export interface SagaRefusal {
  step: string;
  errors: readonly UserError[];
}

/** The outcome of a step. */
export interface StepReport {
  step: string;
  outcome: 'DONE' | 'REFUSED' | 'UNDONE';
  /** Whether an operator had the step skipped. */
  skipped?: boolean;
  /** The code of a refusal. */
  code?: string;
  /** RFC 3339. */
  at: string;
}

/** A step of a saga. */
export interface SagaStep<Input, State> {
  /** Unique in the saga; part of the idempotency key, so never renamed. */
  name: string;
  /** The agent that it asks. */
  agent: string;
  /** Description for operators. */
  does: string;
  /** Runs the step. Throws a Refusal to have the saga undone; its result is kept and merged into the state. */
  run(context: StepContext<Input, State>): Promise<Partial<State> | void>;
  /**
   * Compensates the step. Must also work when `run` was refused or interrupted half-way; false if there was nothing to
   * undo. Where there is more than one way to undo, `as` names the one taken, which is logged as a step that was done.
   */
  undo?(context: StepContext<Input, State>): Promise<boolean | void | { as: string }>;
  /** Condition under which the step runs. @default always */
  when?(state: Readonly<Partial<State>>): boolean;
  /** Waits for a message of this topic or a timeout before `run`, which asks for the state itself. */
  waitsFor?: { topic: string; seconds(state: Readonly<Partial<State>>): number };
  /** Marks the step after which nothing is undone. */
  pivot?: boolean;
  /** Timeout of an attempt to run or undo it; then it is retried with the same key. @default 30 */
  timeoutSeconds?: number;
  /** The saga that the step consists of: see `subSaga` (sub-saga.ts). */
  saga?: SagaDefinition;
  branches?: undefined;
}

/** A step that runs in parallel with others. It cannot wait for a message: a saga receives messages in one order. */
export type SagaBranch<Input, State> = Omit<SagaStep<Input, State>, 'waitsFor' | 'pivot' | 'branches'>;

/**
 * Steps that run in parallel; the saga goes on when all of them are done. If one is refused, the others settle first,
 * and all are then undone in reverse of their list.
 */
export interface SagaBranches<Input, State> {
  name: string;
  branches: readonly SagaBranch<Input, State>[];
  pivot?: undefined;
}

/** A decision about a step that fails. */
export interface Verdict {
  /**
   * An operator decides to retry now, to go on as if the step were done, or to undo the saga. `END` comes from another
   * saga that has ended this one's subject: the saga is undone where it can be, and otherwise goes on without the step.
   */
  action: 'RETRY' | 'SKIP' | 'COMPENSATE' | 'END';
  /** The operator's id; for `END`, words for the other saga. */
  by: string;
}

/** A saga as it is defined: one file in `subgraphs/orchestration/sagas/`. */
export interface SagaDefinition<Input = any, State = any> {
  /** The name under which it is started. A changed saga is a new name beside the old. */
  name: string;
  /** The purpose of the saga, in words. */
  description: string;
  /** Queue in which it waits for a worker. @default ORDINARY */
  queue?: QueueClass;
  steps: readonly (SagaStep<Input, State> | SagaBranches<Input, State>)[];
  /** The last step after a compensation. Without it nothing is ever undone: a refusal is retried like a fault. */
  whenRefused?: Pick<SagaStep<Input, State>, 'name' | 'agent' | 'does' | 'run' | 'timeoutSeconds'>;
}

/** Defines a saga. `State` is the merged results of its steps. @throws Error if two steps have the same name */
export function defineSaga<Input, State>(definition: SagaDefinition<Input, State>): SagaDefinition<Input, State> {
  const { steps, whenRefused } = definition;
  const all = [...steps, ...steps.flatMap((step) => step.branches ?? []), ...(whenRefused ? [whenRefused] : [])];
  const names = all.map((step) => step.name);
  if (new Set(names).size < names.length) throw new Error(`saga ${definition.name}: two steps have the same name`);
  return definition;
}

/** A saga's steps, with those of branches in their place. */
export const stepsOf = <Input, State>(
  definition: Pick<SagaDefinition<Input, State>, 'steps'>,
): readonly SagaStep<Input, State>[] => definition.steps.flatMap((step) => step.branches ?? [step]);

/** The result of a saga. */
export interface SagaResult {
  outcome: 'COMPLETED' | 'COMPENSATED';
  refusal?: SagaRefusal;
}
