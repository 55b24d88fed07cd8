import type { LoggedEvent } from '../events/event-log.ts';
import type { EventHandler } from './handler.ts';

/** Consecutive events that are handled in one go: at least one. */
export type Run = readonly [LoggedEvent, ...LoggedEvent[]];

/**
 * Divides a batch into runs, in its order: consecutive events whose handlers share one `handleAll`, and single ones.
 * `waits` tells of events that are not to be handled.
 */
export function runsOf(
  events: readonly LoggedEvent[],
  handlers: ReadonlyMap<string, EventHandler>,
  waits: (event: LoggedEvent) => boolean,
): Run[] {
  const runs: [LoggedEvent, ...LoggedEvent[]][] = [];
  let open: EventHandler['handleAll'];
  for (const event of events) {
    const handleAll = waits(event) ? undefined : handlers.get(event.type)?.handleAll;
    if (handleAll && handleAll === open) runs.at(-1)!.push(event);
    else runs.push([event]);
    open = handleAll;
  }
  return runs;
}
