import type { StepReport } from '../../../platform/sagas/define-saga.ts';

/** What a saga tells an order's timeline: the steps, without the codes of refusals. */
export const storyOf = (story: readonly StepReport[]) => story.map(({ step, outcome, at }) => ({ step, outcome, at }));
