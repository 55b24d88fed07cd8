/**
 * Cancellation of reads whose client disconnects. The signal reaches the statements (`db/cancelling-client.ts`) through
 * an AsyncLocalStorage, not through parameters. Only queries run under one: a mutation that has begun is carried out.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface Work {
  signal: AbortSignal;
  isOver: boolean;
}

const works = new AsyncLocalStorage<Work | undefined>();

/** Runs the work so that its statements are cancelled when the signal aborts; without a signal they are not. */
export function cancellableBy<T>(signal: AbortSignal | undefined, work: () => T): T {
  if (!signal) return works.run(undefined, work);
  const own: Work = { signal, isOver: false };
  const end = (): void => void (own.isOver = true);
  const result = works.run(own, work);
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
}

/** The signal of the work that the caller is part of; none for code that outlives it, such as a loop started in it. */
export function currentSignal(): AbortSignal | undefined {
  const work = works.getStore();
  return work && !work.isOver ? work.signal : undefined;
}
