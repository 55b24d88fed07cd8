/**
 * Where a subscription begins, told before its first event: a connection may break before anything happens, and whoever
 * reads would not know behind which event to go on.
 */
import type { ExecutionResult } from 'graphql';

/** What says it. No event: it has no data. */
const beginning = (cursor: string): ExecutionResult => ({ extensions: { began: cursor } });

/** The cursor, if this is such a message. */
export function beginningIn({ data, errors, extensions }: ExecutionResult): string | undefined {
  const began = data === undefined && !errors ? extensions?.began : undefined;
  return typeof began === 'string' ? began : undefined;
}

/** What brings the next event: these, and before the first one where they begin, if that is said. */
export function begunFirst(
  events: AsyncIterator<ExecutionResult>,
  begun: Promise<string>,
): () => Promise<IteratorResult<ExecutionResult>> {
  let isTold = false;
  /** Asked for when the beginning was told. */
  let awaited: Promise<IteratorResult<ExecutionResult>> | undefined;
  return async () => {
    const event = awaited ?? events.next();
    awaited = undefined;
    if (isTold) return event;
    isTold = true;
    event.catch(() => {}); // Whoever reads on hears of it.
    const said = await Promise.race([begun, event]);
    if (typeof said !== 'string') return said;
    awaited = event;
    return { done: false, value: beginning(said) };
  };
}
