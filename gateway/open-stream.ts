/**
 * Events of a source as a stream of answers, which can be ended from outside. Written by hand: an async generator would
 * keep `return()` waiting for the next event before it lets the source go.
 */
import type { ExecutionResult } from 'graphql';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** What is said about one event. */
export interface StreamAnswer {
  result: ExecutionResult;
  /** Nothing comes after it. */
  isLast: boolean;
}

/** What a stream is made of. */
export interface StreamParts {
  answer(event: ExecutionResult): Promise<StreamAnswer>;
  /** The last result, after an error. */
  failed(error: unknown): ExecutionResult;
  /** Called once, when it is over. */
  release(): void;
}

/** A stream, and what ends it with a last result at its reader's next turn, whether an event comes or not. */
export interface OpenStream {
  iterator: AsyncGenerator<ExecutionResult>;
  finish(result: ExecutionResult): void;
}

/** Makes the stream. */
export function openStream(events: AsyncIterator<ExecutionResult>, parts: StreamParts): OpenStream {
  let isOver = false;
  let last: ExecutionResult | undefined;
  let interrupt: (() => void) | undefined;

  const end = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    interrupt?.();
    parts.release();
    // Not awaited: a source that waits for an event ends in its own time, and nobody listens any more.
    Promise.resolve(events.return?.()).catch(() => {});
  };
  const endWith = async (value: ExecutionResult): Promise<IteratorYieldResult<ExecutionResult>> => {
    await end();
    return { done: false, value };
  };
  /** Not by `Promise.race`, which would keep something of every event for as long as the stream lives. */
  const nextEvent = (): Promise<IteratorResult<ExecutionResult> | undefined> =>
    new Promise((resolve, reject) => {
      interrupt = () => resolve(undefined);
      events.next().then(resolve, reject);
    });

  const iterator: AsyncGenerator<ExecutionResult> = {
    async next() {
      if (isOver) return DONE;
      if (last) return endWith(last);
      try {
        const next = await nextEvent();
        if (isOver) return DONE;
        if (last) return await endWith(last);
        if (!next || next.done) {
          await end();
          return DONE;
        }
        const { result, isLast } = await parts.answer(next.value);
        if (isOver) return DONE;
        return isLast ? await endWith(result) : { done: false, value: result };
      } catch (error) {
        return isOver ? DONE : endWith(parts.failed(error));
      }
    },
    async return() {
      await end();
      return DONE;
    },
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: end,
  };
  return {
    iterator,
    finish(result) {
      last ??= result;
      interrupt?.();
    },
  };
}
