/**
 * Telling an order of the release before, which knows the names of steps and not what they tell. While the processes of
 * two releases run side by side, an agent may be of the older one. Goes with `StepReportInput.step`.
 */
import { type Ask, type Command, isNotUnderstood } from '../../../platform/commands/ask.ts';
import type { StepReportInput, TimelineEntryType } from '../commands/order.generated.ts';

/** By which step, and its outcome, the release before has an entry told. */
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

/** A payment that was refused because it was called off meanwhile. */
const CALLED_OFF = ['authorise', 'CANCELLED'] as const;

/** The same reports in the words of the release before; undefined where it has no word for one. */
function earlier(story: readonly StepReportInput[]): StepReportInput[] | undefined {
  const reports = story.flatMap(({ tells, isRefusal, at }) => {
    const [step, outcome] = (isRefusal && tells === 'PAYMENT_VOIDED' ? CALLED_OFF : tells && STEPS[tells]) ?? [];
    return step ? [{ step, outcome, at }] : [];
  });
  return reports.length === story.length ? reports : undefined;
}

/**
 * Asks order with what a saga tells; one that does not know such reports, in the words of the release before. What that
 * one has no word for is a fault, as every command of a newer release: it is tried again until the agent is newer.
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
