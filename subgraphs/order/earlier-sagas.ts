/**
 * Translates reports by sagas of the previous release, which have names and outcomes of steps. While processes of two
 * releases run side by side, a worker may be of the older one. This file goes with `StepReportInput.step`.
 */
import type { StepReport } from './domain.ts';
import type { PaymentStatus, TimelineEntryType } from './entities.ts';
import type { StepReportInput } from './resolvers.generated.ts';

const ENTRIES: Readonly<Record<string, TimelineEntryType>> = {
  'reserve:DONE': 'STOCK_RESERVED',
  'reserve:REFUSED': 'STOCK_REFUSED',
  'reserve:UNDONE': 'STOCK_RELEASED',
  'release:DONE': 'STOCK_RELEASED',
  'authorise:DONE': 'PAYMENT_AUTHORIZED',
  'authorise:REFUSED': 'PAYMENT_REFUSED',
  'authorise:CANCELLED': 'PAYMENT_VOIDED',
  'authorise:UNDONE': 'PAYMENT_VOIDED',
  'settle:DONE': 'PAYMENT_AUTHORIZED',
  'settle:REFUSED': 'PAYMENT_REFUSED',
  'settle:CANCELLED': 'PAYMENT_VOIDED',
  'capture:DONE': 'PAYMENT_CAPTURED',
  'capture:REFUSED': 'PAYMENT_REFUSED',
  'void:DONE': 'PAYMENT_VOIDED',
  'refund:DONE': 'PAYMENT_REFUNDED',
};

/** Steps that follow an authorisation that requires an action of the buyer, which is no approval yet. */
const OF_AN_ACTION: ReadonlySet<string> = new Set(['announce action', 'settle']);

/** Reports by a saga of either release, in the form of this one. Steps that are no news are left out. */
export function reportsOf(story: readonly StepReportInput[], paymentStatus?: PaymentStatus | null): StepReport[] {
  const isApproved =
    paymentStatus !== 'REQUIRES_ACTION' && !story.some(({ step }) => step != null && OF_AN_ACTION.has(step));
  return story.flatMap(({ tells, isRefusal, step, outcome, at }) => {
    if (tells) return [{ tells, isRefusal, at }];
    if (step === 'authorise' && outcome === 'DONE' && !isApproved) return [];
    const entry = ENTRIES[`${step}:${outcome}`];
    return entry ? [{ tells: entry, isRefusal: outcome === 'REFUSED' || outcome === 'CANCELLED', at }] : [];
  });
}
