import { Unavailable } from '../errors.ts';
import { sleep } from '../sleep.ts';
import { tryingStep } from '../telemetry/saga-metrics.ts';
import type { Verdict } from './define-saga.ts';
import type { OrderlyStop } from './orderly-stop.ts';
import type { AttemptOptions } from './run-saga.ts';
import type { Turns } from './turns.ts';
import type { WorkerOptions } from './worker.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** How often an operator's verdict is looked for while a step waits for its next attempt. */
const VERDICT_MS = 500;
const TIMEOUT_SECONDS = 30;

/** Which step of which saga is attempted, and how. */
export interface Attempted<T> extends AttemptOptions<T> {
  /** The saga's id. */
  saga: string;
  step: string;
  /** The place of the saga among those of its worker: the first come is the first served. */
  place: number;
  work(): Promise<T>;
}

/**
 * Faults pass: a step is tried again until it answers, ever less often, for as long as this worker lives, or until an
 * operator has decided otherwise.
 */
export async function untilItWorks<T>(
  attempted: Attempted<T>,
  options: Pick<WorkerOptions, 'log' | 'onFailedAttempt' | 'verdict'>,
  stop: OrderlyStop,
  leave: () => void,
  turns: Turns,
): Promise<T> {
  const trying = tryingStep(attempted.saga, attempted.step);
  try {
    const kept = await tryOn(attempted, options, stop, leave, turns, trying);
    trying.ended(kept);
    return kept;
  } finally {
    trying.left();
  }
}

async function tryOn<T>(
  attempted: Attempted<T>,
  options: Pick<WorkerOptions, 'log' | 'onFailedAttempt' | 'verdict'>,
  stop: OrderlyStop,
  leave: () => void,
  turns: Turns,
  trying: ReturnType<typeof tryingStep>,
): Promise<T> {
  const { saga, step, place, work, isWaiting, timeoutSeconds = TIMEOUT_SECONDS } = attempted;
  if (isWaiting) leave();
  for (let attempt = 1; ; attempt++) {
    try {
      // A turn is for work: between two attempts, and while another saga is waited for, others have theirs.
      if (isWaiting) return await work();
      return await turns.take(place, () => inTime(work, timeoutSeconds, stop.signal));
    } catch (error) {
      if (stop.signal.aborted) return stop.park(leave);
      trying.failed();
      options.log.warn({ err: error, step, attempt }, 'saga step will be tried again');
      await options.onFailedAttempt(saga, step, attempt, error as Error).catch(() => {});
      const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      const kept = await betweenAttempts(delay, attempted, options, stop.signal);
      if (stop.signal.aborted) return stop.park(leave);
      if (kept) return kept.instead;
    }
  }
}

/** An attempt that is given up may still come to its end: its key keeps the next one from doing it a second time. */
async function inTime<T>(work: () => Promise<T>, seconds: number, signal: AbortSignal): Promise<T> {
  // Its turn has come too late: nothing begins any more.
  if (signal.aborted) throw signal.reason;
  const over = new AbortController();
  const late = sleep(seconds * 1000, AbortSignal.any([over.signal, signal])).then(() => {
    // Whoever stops waits for the step itself.
    if (!over.signal.aborted && !signal.aborted) throw new Unavailable(`No answer within ${seconds} seconds.`);
    return new Promise<never>(() => {});
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    over.abort();
  }
}

/** Waits, but not longer than until an operator has decided. What to keep instead of trying on, if anything. */
async function betweenAttempts<T>(
  milliseconds: number,
  { saga, step, decide }: Attempted<T>,
  { verdict }: Pick<WorkerOptions, 'verdict'>,
  signal: AbortSignal,
): Promise<{ instead: T } | undefined> {
  const until = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0 && !signal.aborted; left = until - performance.now()) {
    await sleep(Math.min(left, VERDICT_MS), signal);
    const decided: Verdict | undefined = await verdict?.(saga, step).catch(() => undefined);
    if (decided?.action === 'RETRY') return undefined;
    const instead = decided && decide?.(decided);
    if (instead !== undefined) return { instead };
  }
  return undefined;
}
