/**
 * Stretches of a saga: steps that run one after the other and share a checkpoint, since a checkpoint is a commit, and
 * commits are what a saga costs. After a crash the steps of an unfinished stretch are asked again with the same keys, and
 * answer with what they did. A stretch ends before the pivot, before a step that waits or has branches, after a refusal, at
 * a step that fails, and when the worker stops. So nothing that decides the saga's way is known to this process alone:
 * a refusal is acted upon, and the pivot crossed, only over a checkpoint.
 */
import type { Kept, SagaBranches, SagaDefinition, SagaStep } from './define-saga.ts';

/** A step of a saga that is no group of branches. */
export type SingleStep<Input, State> = SagaStep<Input, State, any>;

/** A step in the checkpoint of its stretch. */
export interface StretchStep<State> extends Kept<State> {
  step: string;
  /** RFC 3339. */
  startedAt: string;
}

/** The checkpoint of a stretch. */
export interface Stretch<State> {
  steps: readonly StretchStep<State>[];
  /** The step before which it ended. Absent if it came to the saga's last step, or was refused. */
  next?: string;
  /** Whether that step was tried and failed, or waits for its next attempt: it goes on by itself, with a checkpoint. */
  isFailing?: boolean;
}

/** Tries a step once: its outcome, or that it failed, or that the worker stops before it is done. */
export type TryOnce = <T>(
  step: string,
  work: () => Promise<T>,
  options?: { timeoutSeconds?: number },
) => Promise<{ kept: T } | { isFailing: boolean }>;

/** Whether a step can be part of a stretch: it neither waits nor has branches. */
export const isPlain = <Input, State>(
  step: SagaStep<Input, State, any> | SagaBranches<Input, State, any>,
): step is SingleStep<Input, State> =>
  step.branches === undefined && step.waitsFor === undefined && step.saga === undefined;

/** Whether a stretch that begins at this step may be the saga's last one, whose checkpoint is the saga's end. */
export const mayBeLast = ({ steps }: Pick<SagaDefinition, 'steps'>, from: number): boolean =>
  steps.slice(from + 1).every((step) => isPlain(step) && !step.pivot);

/** Runs a stretch that begins at this step. `isDue` and `run` see the results of the steps before. */
export async function runStretch<Input, State>(
  steps: SagaDefinition<Input, State>['steps'],
  from: number,
  each: {
    isDue(step: SingleStep<Input, State>): boolean;
    /** Tries a step, and logs what it gave for the steps after it. */
    run(step: SingleStep<Input, State>): Promise<{ kept: Kept<State> } | { isFailing: boolean }>;
    now(): string;
  },
): Promise<Stretch<State>> {
  const done: StretchStep<State>[] = [];
  for (const [index, step] of steps.entries()) {
    if (index < from) continue;
    const here = { steps: done, next: step.name };
    if ((step.pivot && index > from) || step.branches) return here;
    if (!each.isDue(step)) continue;
    if (step.waitsFor || step.saga) return here;
    const startedAt = each.now();
    const tried = await each.run(step);
    if (!('kept' in tried)) return { ...here, isFailing: tried.isFailing };
    done.push({ ...tried.kept, step: step.name, startedAt });
    if (tried.kept.refusal) break;
  }
  return { steps: done };
}
