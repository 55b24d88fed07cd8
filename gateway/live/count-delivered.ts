import { count } from '../../platform/telemetry/metrics.ts';
import { countErrors } from '../operations/count-errors.ts';
import { labelOf } from '../operations/label-of.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import type { Asked } from '../operations/operation.ts';
import type { Frame } from './frame.ts';

/** Counts an event for all its subscribers at once, because a count a subscriber would cost more than the delivery. */
export function countDelivered(
  { document, operationName }: Asked,
  frame: Frame,
  subscribers: number,
  mask: Pick<ErrorMask, 'agentOf'>,
): void {
  const operation = labelOf(document, operationName).operation;
  count('agora_graphql_subscription_events_total', { operation }, subscribers);
  countErrors(operation, frame.errors, mask);
}
