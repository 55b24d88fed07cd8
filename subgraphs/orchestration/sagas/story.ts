import type { StepReport } from '../../../platform/sagas/define-saga.ts';
import type { StepReportInput, TimelineEntryType } from '../commands/order.generated.ts';

/** A saga's reports to an order's timeline. Steps that tell nothing are left out. */
export const storyOf = (story: readonly StepReport<TimelineEntryType>[]): StepReportInput[] =>
  story.flatMap(({ tells, outcome, at }) => (tells ? [{ tells, isRefusal: outcome === 'REFUSED', at }] : []));
