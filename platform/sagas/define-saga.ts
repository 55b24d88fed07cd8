/**
 * Sagas (Garcia-Molina and Salem, 1987): work over several agents, as named steps with compensations (undo). A step is
 * a command to one agent; it runs at least once, and its idempotency key makes the effect exactly once. When a step is
 * refused, completed steps are undone in reverse. The pivot cannot be undone: steps before it can be, steps after it
 * are retried until they succeed. Faults are retried, never compensated.
 */
import type { Ask } from '../commands/ask.ts';
import type { UserError } from '../errors.ts';
import type { QueueClass } from './queues.ts';

/**
 * Context of a step. `State` is the merged results of the steps before it, `Entry` the type of the entries that steps tell
 * (`SagaStep.tells`).
 */
export interface StepContext<Input, State, Entry extends string = string> {
  readonly input: Input;
  readonly state: Readonly<Partial<State>>;
  /** `<saga id>:<step>`: the idempotency key of the step's command. */
  readonly key: string;
  readonly ask: Ask;
  /** The reason for the compensation; only in undos and in `whenRefused`. */
  readonly refusal?: SagaRefusal;
  /** Log of the steps so far, oldest first, for the aggregate's timeline. */
  readonly story: readonly StepReport<Entry>[];
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

/** The checkpoint of a step: its result or its refusal. */
export interface Kept<State> {
  result?: Partial<State>;
  refusal?: SagaRefusal;
  /** The `by` of the verdict that had it skipped. */
  skippedBy?: string;
  /** RFC 3339. */
  at: string;
}

/** The outcome of a step. */
export interface StepReport<Entry extends string = string> {
  step: string;
  outcome: 'DONE' | 'REFUSED' | 'UNDONE';
  /** Whether an operator had the step skipped. */
  skipped?: boolean;
  /** The code of a refusal. */
  code?: string;
  /** The entry that the step `tells` of this outcome. */
  tells?: Entry;
  /** RFC 3339. */
  at: string;
}

/**
 * The entries that a step tells the aggregate of the saga, by outcome: values of that aggregate's own enum, each a constant
 * or a pure function of how the step ended. An outcome without an entry is no news.
 */
export interface StepTells<State, Entry extends string> {
  /** The step was done, with this result. */
  done?: Entry | ((result: Readonly<Partial<State>>) => Entry | undefined);
  /** Its agent refused it, with this code. A step that an operator or another saga gave up was refused by no agent. */
  refused?: Entry | ((code: string) => Entry | undefined);
  /** The step was undone; `as` is what the undo returned, where there is more than one way back. */
  undone?: Entry | ((as: string | undefined) => Entry | undefined);
}

/** A step of a saga. */
export interface SagaStep<Input, State, Entry extends string = never> {
  /** Unique in the saga; part of the idempotency key, so never renamed. */
  name: string;
  /** The agent that it asks. */
  agent: string;
  /** Description for operators. */
  does: string;
  /** Runs the step. Throws a Refusal to have the saga undone; its result is kept and merged into the state. */
  run(context: StepContext<Input, State, Entry>): Promise<Partial<State> | void>;
  /**
   * Compensates the step. Must also work when `run` was refused or interrupted half-way; false if there was nothing to
   * undo. Where there is more than one way to undo, `as` names the one taken, which is logged as a step that was done.
   */
  undo?(context: StepContext<Input, State, Entry>): Promise<boolean | void | { as: string }>;
  /** Entries are not kept with the step's result: a saga in flight tells those of the code that runs it. */
  tells?: StepTells<State, Entry>;
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
export type SagaBranch<Input, State, Entry extends string = never> = Omit<
  SagaStep<Input, State, Entry>,
  'waitsFor' | 'pivot' | 'branches'
>;

/**
 * Steps that run in parallel; the saga goes on when all of them are done. If one is refused, the others settle first,
 * and all are then undone in reverse of their list.
 */
export interface SagaBranches<Input, State, Entry extends string = never> {
  name: string;
  branches: readonly SagaBranch<Input, State, Entry>[];
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
export interface SagaDefinition<Input = any, State = any, Entry extends string = any> {
  /**
   * The name under which it is started. A changed saga is a new name beside the old, `placeOrder.v2`, until the old ones
   * have ended; both are of one kind (`kindOf`), and their ids do not tell them apart.
   */
  name: string;
  /** The purpose of the saga, in words. */
  description: string;
  /** Queue in which it waits for a worker. @default ORDINARY */
  queue?: QueueClass;
  /**
   * Where it is checkpointed: after each step, or after a stretch of steps (`stretch.ts`). Stretches cost the least, and
   * are for steps whose commands answer a second time as they did the first. A saga in flight is replayed over its
   * checkpoints, so this changes with the name only. @default EACH_STEP
   */
  checkpoints?: 'EACH_STEP' | 'STRETCHES';
  steps: readonly (SagaStep<Input, State, Entry> | SagaBranches<Input, State, Entry>)[];
  /** The last step after a compensation. Without it nothing is ever undone: a refusal is retried like a fault. */
  whenRefused?: Pick<SagaStep<Input, State, Entry>, 'name' | 'agent' | 'does' | 'run' | 'timeoutSeconds'>;
}

/**
 * Defines a saga. `State` is the merged results of its steps, `Entry` the enum of the entries that they may tell, out of the
 * generated commands of the saga's aggregate: another value does not compile.
 * @throws Error if two steps have the same name
 */
export function defineSaga<Input, State, Entry extends string = never>(
  definition: SagaDefinition<Input, State, Entry>,
): SagaDefinition<Input, State, Entry> {
  const { steps, whenRefused } = definition;
  const all = [...steps, ...steps.flatMap((step) => step.branches ?? []), ...(whenRefused ? [whenRefused] : [])];
  const names = all.map((step) => step.name);
  if (new Set(names).size < names.length) throw new Error(`saga ${definition.name}: two steps have the same name`);
  return definition;
}

/** A saga's steps, with those of branches in their place. */
export const stepsOf = <Input, State, Entry extends string>(
  definition: Pick<SagaDefinition<Input, State, Entry>, 'steps'>,
): readonly SagaStep<Input, State, Entry>[] => definition.steps.flatMap((step) => step.branches ?? [step]);

/** The result of a saga. */
export interface SagaResult {
  outcome: 'COMPLETED' | 'COMPENSATED';
  refusal?: SagaRefusal;
  /** The steps of its last stretch, which have no checkpoint but the saga's end. */
  steps?: readonly EndedStep[];
}

/** A step without a checkpoint of its own. */
export interface EndedStep {
  step: string;
  /** RFC 3339. */
  startedAt: string;
  /** When it was done, RFC 3339. */
  at: string;
}
