/** The rules of operators' actions on a saga whose step fails. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import type { SagaActionType } from '../entities.ts';

/** The part of a saga that the rules need. */
export interface Steered {
  /** Its status in DBOS: PENDING while a worker has it, DELAYED while it is parked. */
  engineStatus: string;
  /** The steps that have failed and are being tried again: with branches, several at a time. */
  failing: readonly string[];
  /** Steps that an operator has already decided to skip, or for which to undo the saga. */
  decided: readonly string[];
}

const UNDER_WAY: ReadonlySet<string> = new Set(['ENQUEUED', 'DELAYED', 'PENDING']);

/** The steps that the action affects. @throws Refusal INVALID_STATE */
export function stepsToSteer(
  action: SagaActionType,
  saga: Steered,
  definition: SagaDefinition | undefined,
  step?: string,
): readonly string[] {
  const { engineStatus, failing, decided } = saga;
  if (!UNDER_WAY.has(engineStatus)) throw state('The saga is not under way.');
  if (failing.length === 0) throw state('No step of the saga is failing: there is nothing to decide.');
  if (step !== undefined && !failing.includes(step)) throw state(`The step "${step}" is not failing.`, 'step');
  const steps = step === undefined ? failing : [step];
  // The first decision about a step counts. A retry after it would do no harm, but have no effect.
  if (steps.some((name) => decided.includes(name))) throw state('This is decided already: the engine takes it up.');
  if (action === 'COMPENSATE') checkWayBack(steps, definition);
  return steps;
}

/** Checks that the pivot was not tried yet: it may have taken effect unknown to us. @throws Refusal INVALID_STATE */
function checkWayBack(steps: readonly string[], definition: SagaDefinition | undefined): void {
  if (!definition?.whenRefused) throw state('This saga is never undone: retry or skip the step.');
  const pivot = definition.steps.findIndex((step) => step.pivot);
  for (const name of steps) {
    const index = definition.steps.findIndex((step) => (step.branches ?? [step]).some((each) => each.name === name));
    if (index < 0) throw state('The saga is being undone already.');
    if (pivot >= 0 && index >= pivot) throw state('The saga cannot be undone any more: retry or skip the step.');
  }
}

const state = (message: string, field = 'sagaId') => refuse('INVALID_STATE', message, ['input', field]);
