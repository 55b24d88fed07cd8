import type { z } from 'zod';
import { type Count, declareCounts } from '../telemetry/business-metrics.ts';

/** A kind of fact that an agent publishes: a name, whose fact it is, and what it says. */
export interface EventDefinition<Payload = unknown> {
  /** Dotted, past tense: `order.placed`. */
  readonly type: string;
  /** What kind of thing it happened to: `order`. */
  readonly aggregate: string;
  /** What a reader of the contract is told. */
  readonly description: string;
  /** The payload. It carries ids and figures, never personal data. */
  readonly payload: z.ZodType<Payload>;
  /** The metrics of the business that each such event counts into, by the process that published it. */
  readonly counts?: readonly Count<Payload>[];
  /** The message type of the first thirteen that this is, such as `ORDER_CREATED`. */
  readonly seed?: string;
}

/** Defines a kind of event. `npm run schema` writes its JSON Schema to `schema/events/`. */
export const defineEvent = <Payload>(
  type: string,
  definition: Omit<EventDefinition<Payload>, 'type'>,
): EventDefinition<Payload> => {
  if (definition.counts) declareCounts(type, definition.counts);
  return { type, ...definition };
};

/** One fact about to be published. */
export interface NewEvent<Payload = unknown> {
  /** The aggregate that it happened to. */
  aggregateId: string;
  /** The aggregate's version after it: readers see each aggregate's events in this order. */
  aggregateVersion: number;
  payload: Payload;
}
