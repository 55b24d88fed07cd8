/** What an operator may have done to a saga whose step fails. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import type { SagaActionType } from '../entities.ts';

/** A saga as far as steering it goes. */
export interface Steered {
  /** DBOS's own word for where it is: PENDING while a worker has it, DELAYED while it is parked. */
  engineStatus: string;
  /** The steps that have failed and are being tried again: with branches, several at a time. */
  failing: readonly string[];
  /** Steps for which it is decided already that they are skipped, or the saga undone. */
  decided: readonly string[];
}

const UNDER_WAY: ReadonlySet<string> = new Set(['ENQUEUED', 'DELAYED', 'PENDING']);

/** The steps to which the action is to be done. @throws Refusal INVALID_STATE */
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
  // One decision a step, the first. Another try harms nobody, but would come to nothing.
  if (steps.some((name) => decided.includes(name))) throw state('This is decided already: the engine takes it up.');
  if (action === 'COMPENSATE') checkWayBack(steps, definition);
  return steps;
}

/** Everything can be undone until the pivot is tried: it may have worked without our knowing. @throws Refusal INVALID_STATE */
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
