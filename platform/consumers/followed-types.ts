/**
 * The event types that a consumer follows: all that any of its processes handles. While releases differ, as in a rolling
 * update, an older process would otherwise move the common cursor past events that only a newer one handles. It parks
 * them for the newer one instead.
 *
 * A process marks the types that it does not handle, and one that handles a marked type removes the mark. A mark that
 * stays for a minute shows that no process handles the type any more: the consumer follows it no longer.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Logger } from '../log.ts';
import type { CursorRow } from './cursor-row.ts';

/** Seconds for which a type is followed that no process handles: the time of a restart. */
export const FOLLOWED_FOR_S = 60;

/** The types that a consumer follows. */
export interface FollowedTypes {
  /** Sorted. */
  types: readonly string[];
  /** Those that are marked as not handled, with the time of the mark in seconds since the epoch. */
  unhandled: Readonly<Record<string, number>>;
}

/** The types to follow according to a process that handles these, at a time in seconds since the epoch. */
export function followedBy(
  { types, unhandled }: FollowedTypes,
  handled: readonly string[],
  now: number,
): FollowedTypes {
  const marks = types
    .filter((type) => !handled.includes(type))
    .map((type) => [type, unhandled[type] ?? now] as const)
    .filter(([, since]) => now - since < FOLLOWED_FOR_S);
  return { types: [...handled, ...marks.map(([type]) => type)].toSorted(), unhandled: Object.fromEntries(marks) };
}

/** A consumer, as one of its processes handles it. */
export interface Handling {
  consumer: string;
  /** The types that this process handles. */
  handled: readonly string[];
  log: Logger;
}

/**
 * Brings a consumer's followed types up to date, and returns them. The caller holds the consumer. Of the types that it
 * follows no longer, parked events that no process has tried are removed; the others become dead letters.
 */
export async function keepFollowedTypes(
  transaction: Kysely<any>,
  { consumer, handled, log }: Handling,
  row: CursorRow,
): Promise<readonly string[]> {
  const { types, unhandled } = followedBy(row, handled, row.now);
  if (isDeepStrictEqual([types, unhandled], [row.types, row.unhandled])) return types;
  await raw(transaction, 'update platform.log_cursor set types = $2, unhandled = $3 where consumer = $1', [
    consumer,
    types,
    JSON.stringify(unhandled),
  ]);
  const dropped = row.types.filter((type) => !types.includes(type));
  if (dropped.length === 0) return types;
  const { count: removed } = await raw(
    transaction,
    `delete from platform.parked_event where consumer = $1 and error is null and event->>'type' = any($2)`,
    [consumer, dropped],
  );
  log.warn({ consumer, types: dropped, removed }, 'no process handles these events any more');
  return types;
}
