import type { StepReport } from '../../../platform/sagas/define-saga.ts';

/**
 * What a saga tells an order's timeline: the steps, without the codes of refusals. What an operator had undone was
 * refused by nobody, and a payment that was called off is told as such.
 */
export const storyOf = (story: readonly StepReport[]) =>
  story.flatMap(({ step, outcome, code, at }) => {
    if (outcome === 'REFUSED' && code === 'OPERATOR') return [];
    return [{ step, outcome: outcome === 'REFUSED' && code === 'PAYMENT_CANCELLED' ? 'CANCELLED' : outcome, at }];
  });
