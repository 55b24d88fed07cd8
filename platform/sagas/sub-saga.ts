/**
 * A step that is a saga itself. It is started once, as a saga of its own with an id made of its parent's, and awaited
 * for as long as it takes, over crashes of either. Its refusal is the step's: by then it is compensated. If a later
 * step of the parent is refused, it has long ended; so it is undone by another saga.
 */
import { Refusal } from '../errors.ts';
import type { SagaDefinition, SagaStep, StepContext } from './define-saga.ts';

/** A saga as a step, its input, and the saga that undoes it. */
export interface SubSaga<Input, State> extends Pick<SagaStep<Input, State>, 'name' | 'does' | 'when' | 'pivot'> {
  saga: SagaDefinition;
  input(context: Pick<StepContext<Input, State>, 'input' | 'state'>): Record<string, unknown>;
  /** The saga that undoes its effects, with the same input. It may not be refused: it has no `whenRefused`. */
  undoneBy?: SagaDefinition;
}

/** Creates the step that runs a saga. @throws Error if the saga that undoes it could be refused */
export function subSaga<Input, State>(sub: SubSaga<Input, State>): SagaStep<Input, State> {
  const { input, undoneBy, ...step } = sub;
  const { name, saga } = step;
  if (undoneBy?.whenRefused)
    throw new Error(`step ${name}: ${undoneBy.name} takes ${saga.name} back, and may not be refused`);
  return {
    ...step,
    agent: 'orchestration',
    async run(context) {
      const { refusal } = (await context.carry(name, saga.name, input(context)))!;
      if (refusal) throw new Refusal(refusal.errors);
    },
    undo:
      undoneBy &&
      (async (context) => {
        const did = await context.carry(name, saga.name);
        if (did?.outcome !== 'COMPLETED') return false;
        await context.carry(`undo ${name}`, undoneBy.name, input(context));
        return true;
      }),
  };
}
