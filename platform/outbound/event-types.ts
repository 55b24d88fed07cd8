/**
 * The event types that an endpoint may ask for. A merchant's endpoint receives only events of the merchant's own
 * aggregates, so only types whose payload carries the `merchantId` are offered to it.
 */
import { z } from 'zod';
import { refuse } from '../errors.ts';
import type { EventDefinition } from '../events/define-event.ts';

/** An event type that an endpoint may ask for. */
export interface OfferedType {
  type: string;
  description: string;
  /** Whether its payload says whose it is, so that a merchant's endpoint may receive it. */
  isForMerchants: boolean;
}

/** The most entries in the list of an endpoint. */
export const MAX_EVENT_TYPES = 50;

/** The pattern of every type. */
const ALL = '*';

/** The types that these definitions publish, each once, in the order of their names. */
export function offeredTypes(definitions: readonly EventDefinition<any>[]): OfferedType[] {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  return [...byType.values()]
    .map(({ type, description, payload }) => ({ type, description, isForMerchants: hasMerchant(payload) }))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

const hasMerchant = (payload: z.ZodType): boolean => payload instanceof z.ZodObject && 'merchantId' in payload.shape;

/** The entries of an endpoint's list that stand for a type: `order.placed`, `order.*`, `*`. */
export const entriesFor = (type: string): string[] => [type, `${type.split('.', 1)[0]}.*`, ALL];

/** An endpoint, as far as it decides what it receives. */
export interface Wanting {
  merchantId: string | null;
  eventTypes: readonly string[];
}

/** Whether an endpoint receives an event. */
export function wants({ merchantId, eventTypes }: Wanting, event: { type: string; payload: unknown }): boolean {
  if (!entriesFor(event.type).some((entry) => eventTypes.includes(entry))) return false;
  return merchantId === null || (event.payload as { merchantId?: unknown } | null)?.merchantId === merchantId;
}

/**
 * Checks the list of an endpoint, and returns it without repetitions, sorted.
 * @throws Refusal INVALID_INPUT for an empty or too long list, and for an entry that stands for no type on offer
 */
export function checkEventTypes(
  given: readonly string[],
  offered: readonly OfferedType[],
  { isMerchants }: { isMerchants: boolean },
): string[] {
  const path = ['input', 'eventTypes'];
  const entries = [...new Set(given)].toSorted();
  if (entries.length < 1 || entries.length > MAX_EVENT_TYPES)
    throw refuse('INVALID_INPUT', `Ask for 1 to ${MAX_EVENT_TYPES} event types; \`order.*\` stands for many.`, path);
  const stands = (entry: string, types: readonly OfferedType[]): boolean =>
    types.some(({ type }) => entriesFor(type).includes(entry));
  const forThem = isMerchants ? offered.filter(({ isForMerchants }) => isForMerchants) : offered;
  const wrong = entries.find((entry) => !stands(entry, forThem));
  if (wrong === undefined) return entries;
  const why = stands(wrong, offered)
    ? `Events \`${wrong}\` do not say which merchant they are about, so a merchant's endpoint cannot receive them`
    : `There is no event type \`${wrong}\``;
  throw refuse('INVALID_INPUT', `${why}: \`webhookEventTypes\` lists those that there are.`, path);
}
