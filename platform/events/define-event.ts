import type { z } from 'zod';
import { type Count, declareCounts } from '../telemetry/business-metrics.ts';

/** The declaration of an event type: its name, its aggregate and its payload. */
export interface EventDefinition<Payload = unknown> {
  /** Dotted, past tense: `order.placed`. */
  readonly type: string;
  /** The type of its aggregate: `order`. */
  readonly aggregate: string;
  /** Description in the published contract. */
  readonly description: string;
  /** The payload. It carries ids and figures, never personal data. */
  readonly payload: z.ZodType<Payload>;
  /** Business metrics that each such event counts, in the process that published it. */
  readonly counts?: readonly Count<Payload>[];
  /** The seed message type that it implements (one of thirteen), such as `ORDER_CREATED`. */
  readonly seed?: string;
}

/** Defines an event type. `npm run schema` writes its JSON Schema to `schema/events/`. */
export const defineEvent = <Payload>(
  type: string,
  definition: Omit<EventDefinition<Payload>, 'type'>,
): EventDefinition<Payload> => {
  if (definition.counts) declareCounts(type, definition.counts);
  return { type, ...definition };
};

/** An event about to be published. */
export interface NewEvent<Payload = unknown> {
  /** The aggregate that it happened to. */
  aggregateId: string;
  /** The aggregate's version after it: readers see each aggregate's events in this order. */
  aggregateVersion: number;
  payload: Payload;
}
