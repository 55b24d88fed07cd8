import type { StepReport } from '../../../platform/sagas/define-saga.ts';
import type { StepReportInput, TimelineEntryType } from '../commands/order.generated.ts';

/** What a saga tells an order's timeline: of each step what it tells, of most steps nothing. */
export const storyOf = (story: readonly StepReport<TimelineEntryType>[]): StepReportInput[] =>
  story.flatMap(({ tells, outcome, at }) => (tells ? [{ tells, isRefusal: outcome === 'REFUSED', at }] : []));
