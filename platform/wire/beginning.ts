/**
 * The start cursor of a subscription, sent before its first event: a connection may break before that, and the reader
 * would not know where to resume.
 */
import type { ExecutionResult } from 'graphql';

/** The message with the start cursor. It has no data, and so is no event. */
const beginning = (cursor: string): ExecutionResult => ({ extensions: { began: cursor } });

/** The start cursor, if this is such a message. */
export function beginningIn({ data, errors, extensions }: ExecutionResult): string | undefined {
  const began = data === undefined && !errors ? extensions?.began : undefined;
  return typeof began === 'string' ? began : undefined;
}

/** Returns a function for the next result: the start cursor, if it is told before the first event, then the events. */
export function begunFirst(
  events: AsyncIterator<ExecutionResult>,
  begun: Promise<string>,
): () => Promise<IteratorResult<ExecutionResult>> {
  let isTold = false;
  /** The event that was requested before the start cursor was told. */
  let awaited: Promise<IteratorResult<ExecutionResult>> | undefined;
  return async () => {
    const event = awaited ?? events.next();
    awaited = undefined;
    if (isTold) return event;
    isTold = true;
    event.catch(() => {}); // The next call returns the rejection.
    const said = await Promise.race([begun, event]);
    if (typeof said !== 'string') return said;
    awaited = event;
    return { done: false, value: beginning(said) };
  };
}
