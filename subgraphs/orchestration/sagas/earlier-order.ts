/**
 * Reports to an order agent of the previous release, which knows names of steps but no entries. While processes of two
 * releases run side by side, the agent may be of the older one. This file goes with `StepReportInput.step`.
 */
import { type Ask, type Command, isNotUnderstood } from '../../../platform/commands/ask.ts';
import type { StepReportInput, TimelineEntryType } from '../commands/order.generated.ts';

/** The step and the outcome that stand for an entry in the previous release. */
const STEPS: Readonly<Partial<Record<TimelineEntryType, readonly [step: string, outcome: string]>>> = {
  STOCK_RESERVED: ['reserve', 'DONE'],
  STOCK_REFUSED: ['reserve', 'REFUSED'],
  STOCK_RELEASED: ['release', 'DONE'],
  PAYMENT_AUTHORIZED: ['authorise', 'DONE'],
  PAYMENT_REFUSED: ['authorise', 'REFUSED'],
  PAYMENT_CAPTURED: ['capture', 'DONE'],
  PAYMENT_VOIDED: ['void', 'DONE'],
  PAYMENT_REFUNDED: ['refund', 'DONE'],
};

/** The report of a payment that was refused because it was cancelled meanwhile. */
const CALLED_OFF = ['authorise', 'CANCELLED'] as const;

/** The same reports in the form of the previous release; undefined if it has no step for an entry. */
function earlier(story: readonly StepReportInput[]): StepReportInput[] | undefined {
  const reports = story.flatMap(({ tells, isRefusal, at }) => {
    const [step, outcome] = (isRefusal && tells === 'PAYMENT_VOIDED' ? CALLED_OFF : tells && STEPS[tells]) ?? [];
    return step ? [{ step, outcome, at }] : [];
  });
  return reports.length === story.length ? reports : undefined;
}

/**
 * Asks order with a saga's reports, and again in the form of the previous release if the agent does not know these. An
 * entry without an earlier form is a fault, like every new command: the step is retried until the agent is newer.
 */
export async function askOrder<Data, Input extends { story: StepReportInput[] }>(
  ask: Ask,
  command: Command<Data, { input: Input }>,
  input: Input,
): Promise<Data> {
  try {
    return await ask(command, { input });
  } catch (error) {
    const story = isNotUnderstood(error) ? earlier(input.story) : undefined;
    if (!story) throw error;
    return ask(command, { input: { ...input, story } });
  }
}
