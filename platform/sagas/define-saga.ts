/**
 * Sagas (Garcia-Molina and Salem, 1987): work over several agents, told as named steps with their undo. A step is a
 * command to one agent; it happens at least once, and its key makes the effect exactly once. When a step is refused,
 * what was done is undone in reverse. The pivot cannot be undone: before it everything can be, after it everything is
 * tried until it succeeds. Faults are never a reason to undo.
 */
import type { Ask } from '../commands/ask.ts';
import type { UserError } from '../errors.ts';
import type { QueueClass } from './queues.ts';

/**
 * What a step works with. `State` is what the steps before it returned, `Entry` the type of the entries that steps tell
 * (`SagaStep.tells`).
 */
export interface StepContext<Input, State, Entry extends string = string> {
  readonly input: Input;
  readonly state: Readonly<Partial<State>>;
  /** `<saga id>:<step>`: the idempotency key of the step's command. */
  readonly key: string;
  readonly ask: Ask;
  /** Why the saga is being undone; only in undos and in `whenRefused`. */
  readonly refusal?: SagaRefusal;
  /** What has happened so far, oldest first: for the aggregate that tells its story. */
  readonly story: readonly StepReport<Entry>[];
  /** For `subSaga` (sub-saga.ts): as `Engine.carry`. */
  carry(step: string, saga: string, input?: Record<string, unknown>): Promise<SagaResult | undefined>;
  /** Ends a saga, by its id, whose subject has ended: as `Engine.callOff`. */
  callOff(saga: string): Promise<void>;
}

/** Which step was refused, and why. */
export interface SagaRefusal {
  step: string;
  errors: readonly UserError[];
}

/** What became of a step. */
export interface StepReport<Entry extends string = string> {
  step: string;
  outcome: 'DONE' | 'REFUSED' | 'UNDONE';
  /** It was never done: an operator had the saga go on without it. */
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
  /** The step was done; `result` is what it returned. */
  done?: Entry | ((result: Readonly<Partial<State>>) => Entry | undefined);
  /** Its agent refused it, with this code. A step that an operator or another saga gave up was refused by no agent. */
  refused?: Entry | ((code: string) => Entry | undefined);
  /** The step was undone; `as` is what the undo returned, where there is more than one way back. */
  undone?: Entry | ((as: string | undefined) => Entry | undefined);
}

/** One step. */
export interface SagaStep<Input, State, Entry extends string = never> {
  /** Unique in the saga; part of the idempotency key, so never renamed. */
  name: string;
  /** The agent that it asks. */
  agent: string;
  /** What it does, for the operator who looks at the saga. */
  does: string;
  /** Carries it out. Throws a Refusal to have the saga undone; what it returns is kept and merged into the state. */
  run(context: StepContext<Input, State, Entry>): Promise<Partial<State> | void>;
  /**
   * Takes it back. Must also work when `run` was refused or cut off half-way; false if there was nothing to undo. Where
   * there is more than one way back, `as` tells which was gone: the story then names it as a step that was done.
   */
  undo?(context: StepContext<Input, State, Entry>): Promise<boolean | void | { as: string }>;
  /** Entries are not kept with the step's result: a saga in flight tells those of the code that runs it. */
  tells?: StepTells<State, Entry>;
  /** Only when this holds. @default always */
  when?(state: Readonly<Partial<State>>): boolean;
  /** Waits for a message of this topic first, or for the time to pass; then `run` asks how things stand. */
  waitsFor?: { topic: string; seconds(state: Readonly<Partial<State>>): number };
  /** From here on there is no way back. */
  pivot?: boolean;
  /** An attempt, and one to undo it, that takes longer is given up and made again with the same key. @default 30 */
  timeoutSeconds?: number;
  /** The saga that it is: see `subSaga` (sub-saga.ts). */
  saga?: SagaDefinition;
  branches?: undefined;
}

/** A step that runs beside others. It cannot wait for a message: what a saga waits for must come in one order. */
export type SagaBranch<Input, State, Entry extends string = never> = Omit<
  SagaStep<Input, State, Entry>,
  'waitsFor' | 'pivot' | 'branches'
>;

/**
 * Steps that run at the same time; the saga goes on when all of them are done. If one is refused, the others are
 * settled first, and then undone in reverse of their list.
 */
export interface SagaBranches<Input, State, Entry extends string = never> {
  name: string;
  branches: readonly SagaBranch<Input, State, Entry>[];
  pivot?: undefined;
}

/** What is decided about a step that fails. */
export interface Verdict {
  /**
   * An operator's: try it now; go on as if it were done; give up and undo what was done. `END` is another saga's, which
   * has done away with what this one is about: undone where there is a way back, and gone on without the step otherwise.
   */
  action: 'RETRY' | 'SKIP' | 'COMPENSATE' | 'END';
  /** Who. */
  by: string;
}

/** A saga as it is defined: one file in `subgraphs/orchestration/sagas/`. */
export interface SagaDefinition<Input = any, State = any, Entry extends string = any> {
  /** The name under which it is started. A changed saga is a new name beside the old. */
  name: string;
  /** What it is for. */
  description: string;
  /** In which queue it waits for a worker. @default ORDINARY */
  queue?: QueueClass;
  steps: readonly (SagaStep<Input, State, Entry> | SagaBranches<Input, State, Entry>)[];
  /** The last word after everything was undone. Without it nothing is ever undone: a refusal is tried again like a fault. */
  whenRefused?: Pick<SagaStep<Input, State, Entry>, 'name' | 'agent' | 'does' | 'run' | 'timeoutSeconds'>;
}

/**
 * Defines a saga. `State` is what its steps leave for one another, `Entry` the enum of the entries that they may tell, out
 * of the generated commands of the saga's aggregate: another value does not compile.
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

/** How a saga ended. */
export interface SagaResult {
  outcome: 'COMPLETED' | 'COMPENSATED';
  refusal?: SagaRefusal;
}
