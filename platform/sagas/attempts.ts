import { isHopeless, isTransient, Unavailable } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { tryingStep } from './saga-metrics.ts';
import { delayAfter, SOON_ATTEMPTS } from './backoff.ts';
import type { Verdict } from './define-saga.ts';
import { partsOf } from './enqueue.ts';
import { type InHand, PARK_AFTER_MS } from './in-hand.ts';
import { never } from './never.ts';
import type { OrderlyStop } from './orderly-stop.ts';
import type { Outages } from './outages.ts';
import type { AttemptOptions } from './run-saga.ts';
import type { Turns } from './turns.ts';
import type { WorkerOptions } from './worker.ts';

/** How often an operator's verdict is looked for while a step waits with its saga in hand. */
const VERDICT_MS = 500;
const TIMEOUT_SECONDS = 30;
/** What can never work counts as having failed so often: somebody is called at once, and it is tried seldom. */
const HOPELESS_ATTEMPTS = SOON_ATTEMPTS;
/** So many attempts are told with all that is known of the error; the others on one line. */
const TOLD_IN_FULL = 1;
const MAX_LINE = 200;

/** Which step of a saga is attempted, and how. */
export interface Attempted<T> extends AttemptOptions<T> {
  saga: InHand;
  step: string;
  work(): Promise<T>;
}

/** What the attempts stand on. */
export interface Attempting {
  options: Pick<WorkerOptions, 'onFailedAttempt' | 'verdict'> & { log: Logger };
  stop: OrderlyStop;
  /** Says that nothing must be waited for any more. */
  leave: () => void;
  turns: Turns;
  outages: Outages;
  /** The step does not wait any more. */
  forget(step: string): Promise<void>;
}

/**
 * Faults pass: a step is tried again until it answers, ever less often, or until somebody has decided otherwise. What
 * waits for long is parked: then this never settles, and another run of the saga goes on.
 */
export async function untilItWorks<T>(attempted: Attempted<T>, attempting: Attempting): Promise<T> {
  const { saga, step } = attempted;
  const trying = tryingStep(saga.id, step);
  try {
    const kept = await Promise.race([tryOn(attempted, attempting, trying), saga.left.then(() => LEFT)]);
    if (kept === LEFT) return await attempting.stop.park(attempting.leave);
    trying.ended(kept);
    return kept as T;
  } finally {
    trying.left();
  }
}

const LEFT = Symbol('left');

async function tryOn<T>(
  attempted: Attempted<T>,
  { options, stop, leave, turns, outages, forget }: Attempting,
  trying: ReturnType<typeof tryingStep>,
): Promise<T> {
  const { saga, step, work, isWaiting, timeoutSeconds = TIMEOUT_SECONDS } = attempted;
  if (isWaiting) leave();
  const before = (await saga.waits()).ofStep.get(step);
  const { name } = partsOf(saga.id);
  let attempts = before?.attempts ?? 0;
  let isOutage = before?.isTransient ?? false;
  if (isOutage) outages.failed(name, step);
  // Parked for a failure: it may be woken because somebody has decided.
  if (before && attempts > 0) {
    const kept = await wait(before.until - Date.now(), true);
    if (stop.signal.aborted) return stop.park(leave);
    if (kept) return settled(kept.instead);
  }
  for (;;) {
    try {
      // A turn is for work: between two attempts, and while another saga is waited for, others have theirs.
      const kept = isWaiting
        ? await work()
        : await turns.take(saga.place, () => inTime(work, timeoutSeconds, stop.signal));
      await outages.worked(name, step);
      return await settled(kept);
    } catch (error) {
      if (stop.signal.aborted) return stop.park(leave);
      attempts = Math.max(attempts + 1, isHopeless(error) ? HOPELESS_ATTEMPTS : 0);
      isOutage = isTransient(error);
      if (isOutage) outages.failed(name, step);
      trying.failed(attempts);
      complain(options.log, step, attempts, error as Error & { code?: unknown });
      await options.onFailedAttempt(saga.id, step, attempts, error as Error).catch(() => {});
      const kept = await wait(delayAfter(attempts));
      if (stop.signal.aborted) return stop.park(leave);
      if (kept) return settled(kept.instead);
    }
  }

  function wait(milliseconds: number, isTold = false): Promise<{ instead: T } | undefined> {
    // Of a clock that was set back it is not waited for longer than anything is waited for.
    const left = Math.min(
      milliseconds,
      delayAfter(attempts, () => 1),
    );
    return betweenAttempts({ left, attempts, isTransient: isOutage, isTold }, attempted, options, stop.signal);
  }

  /** How often it failed is of no interest any more. */
  async function settled(kept: T): Promise<T> {
    if (before) await forget(step).catch(() => {});
    return kept;
  }
}

/** In full once; a step that fails for a day must not fill the disk. */
function complain(log: Logger, step: string, attempt: number, error: Error & { code?: unknown }): void {
  if (attempt <= TOLD_IN_FULL) log.warn({ err: error, step, attempt }, 'saga step will be tried again');
  else
    log.warn(
      { step, attempt, code: error.code, reason: error.message?.slice(0, MAX_LINE) },
      'saga step failed again and will be tried again',
    );
}

/** An attempt that is given up may still come to its end: its key keeps the next one from doing it a second time. */
async function inTime<T>(work: () => Promise<T>, seconds: number, signal: AbortSignal): Promise<T> {
  // Its turn has come too late: nothing begins any more.
  if (signal.aborted) throw signal.reason;
  const over = new AbortController();
  const late = sleep(seconds * 1000, AbortSignal.any([over.signal, signal])).then(() => {
    // Whoever stops waits for the step itself.
    if (!over.signal.aborted && !signal.aborted) throw new Unavailable(`No answer within ${seconds} seconds.`);
    return never();
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    over.abort();
  }
}

/**
 * Waits, but not longer than until somebody has decided: parked, if it is for longer than a moment. What to keep instead
 * of trying on, if anything.
 */
async function betweenAttempts<T>(
  pause: { left: number; attempts: number; isTransient: boolean; isTold: boolean },
  { saga, step, decide }: Attempted<T>,
  { verdict }: Pick<WorkerOptions, 'verdict'>,
  signal: AbortSignal,
): Promise<{ instead: T } | undefined> {
  const { attempts, isTransient } = pause;
  const until = performance.now() + pause.left;
  let { isTold } = pause;
  saga.rests({ step, attempts, isTransient, until: Date.now() + pause.left });
  try {
    for (;;) {
      const decided = isTold ? await decision() : undefined;
      if (decided?.action === 'RETRY') return undefined;
      const instead = decided && decide?.(decided);
      if (instead !== undefined) return { instead };
      const left = until - performance.now();
      if (left <= 0 || signal.aborted) return undefined;
      const parked = left > PARK_AFTER_MS && !signal.aborted ? await saga.park() : 'NO';
      if (parked === 'PARKED') return await never();
      if (parked === 'MESSAGE_WAITING') await saga.listen().catch(() => {});
      // Where many cannot be parked, since the database has no time, they must not keep it busy with asking.
      else await sleep(Math.min(left, left > PARK_AFTER_MS ? PARK_AFTER_MS : VERDICT_MS), signal);
      isTold = true;
    }
  } finally {
    saga.goesOn(step);
  }

  async function decision(): Promise<Verdict | undefined> {
    const waits = await saga.waits().catch(() => undefined);
    if (waits?.isCalledOff) return { action: 'END', by: 'the saga that ended what it is about' };
    return verdict?.(saga.id, step).catch(() => undefined);
  }
}
