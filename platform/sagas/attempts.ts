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

/** Milliseconds between polls for an operator's verdict while a step waits with its saga in hand. */
const VERDICT_MS = 500;
const TIMEOUT_SECONDS = 30;
/** Attempts that a permanent error counts as: an operator is alerted at once, and retries are rare. */
const HOPELESS_ATTEMPTS = SOON_ATTEMPTS;
/** Number of attempts logged with the whole error; later ones take one line. */
const TOLD_IN_FULL = 1;
const MAX_LINE = 200;

/** A step of a saga to be attempted. */
export interface Attempted<T> extends AttemptOptions<T> {
  saga: InHand;
  step: string;
  work(): Promise<T>;
  /** The error of a first attempt, which was made in a stretch: it is counted, told and waited for here. */
  failure?: Error;
}

/** Dependencies of the attempts. */
export interface Attempting {
  options: Pick<WorkerOptions, 'onFailedAttempt' | 'verdict'> & { log: Logger };
  stop: OrderlyStop;
  /** Tells the orderly stop not to wait for this step. */
  leave: () => void;
  turns: Turns;
  outages: Outages;
  /** Deletes the stored wait of the step. */
  forget(step: string): Promise<void>;
}

/**
 * Retries a step with backoff until it answers, or until an operator has decided otherwise. A saga that waits for long
 * is parked: then this never settles, and another run of the saga goes on.
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

/**
 * Tries a step of a stretch once. A failure is not told: its step goes on by {@link untilItWorks}, and so does a step whose
 * saga was parked for its next attempt. Never throws.
 */
export async function tryOnce<T>(
  attempted: Pick<Attempted<T>, 'saga' | 'step' | 'work' | 'timeoutSeconds'>,
  { stop, turns, outages }: Pick<Attempting, 'stop' | 'turns' | 'outages'>,
): Promise<{ kept: T } | { isFailing: boolean; failure?: Error }> {
  const { saga, step, work, timeoutSeconds = TIMEOUT_SECONDS } = attempted;
  if (stop.signal.aborted) return { isFailing: false };
  const waits = await saga.waits().catch(() => undefined);
  if (!waits || waits.ofStep.has(step)) return { isFailing: !stop.signal.aborted };
  const trying = tryingStep(saga.id, step);
  try {
    const kept = await turns.take(saga.place, () => inTime(work, timeoutSeconds, stop.signal));
    await outages.worked(partsOf(saga.id).name, step);
    trying.ended(kept);
    return { kept };
  } catch (error) {
    return stop.signal.aborted ? { isFailing: false } : { isFailing: true, failure: error as Error };
  } finally {
    trying.left();
  }
}

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
  // Parked after a failure: an operator's verdict may have woken it.
  if (before && attempts > 0) {
    const kept = await wait(before.until - Date.now(), true);
    if (stop.signal.aborted) return stop.park(leave);
    if (kept) return settled(kept.instead);
  }
  for (let { failure } = attempted; ; failure = undefined) {
    try {
      if (failure !== undefined) throw failure;
      // A turn is held for work alone, not between two attempts or while another saga is awaited.
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
    // A clock that was set back cannot make the wait longer than the longest backoff.
    const left = Math.min(
      milliseconds,
      delayAfter(attempts, () => 1),
    );
    return betweenAttempts({ left, attempts, isTransient: isOutage, isTold }, attempted, options, stop.signal);
  }

  /** Deletes the stored count of failures, now that the step has settled. */
  async function settled(kept: T): Promise<T> {
    if (before) await forget(step).catch(() => {});
    return kept;
  }
}

/** Logs a failed attempt, in full once: a step that fails for a day must not fill the disk. */
function complain(log: Logger, step: string, attempt: number, error: Error & { code?: unknown }): void {
  if (attempt <= TOLD_IN_FULL) log.warn({ err: error, step, attempt }, 'saga step will be tried again');
  else
    log.warn(
      { step, attempt, code: error.code, reason: error.message?.slice(0, MAX_LINE) },
      'saga step failed again and will be tried again',
    );
}

/** Runs an attempt with a timeout. It may complete afterwards: its idempotency key guards against a second effect. */
async function inTime<T>(work: () => Promise<T>, seconds: number, signal: AbortSignal): Promise<T> {
  // The stop has begun before its turn came.
  if (signal.aborted) throw signal.reason;
  const over = new AbortController();
  const late = sleep(seconds * 1000, AbortSignal.any([over.signal, signal])).then(() => {
    // An orderly stop waits for the step itself.
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
 * Waits until the next attempt or until an operator has decided, parked if that takes longer than a moment. Returns the
 * outcome to keep instead of another attempt, if there is one.
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
      // Sagas that cannot be parked, because the database is overloaded, must not add load by polling.
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
