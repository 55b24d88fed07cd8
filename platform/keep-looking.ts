import type { Bell } from './bell.ts';
import { isTransient } from './errors.ts';
import type { Logger } from './log.ts';
import { sleep } from './sleep.ts';

/** Milliseconds before the next look after an infrastructure fault. Rings do not shorten it: they would find the same. */
const FAILED_MS = 1000;

/** Options of a loop that looks for work. */
export interface LookingOptions {
  /** Its rings have the loop look at once. */
  bell: Bell;
  log: Pick<Logger, 'warn'>;
  /** What is logged when a look has met an infrastructure fault. */
  complaint: string;
}

/**
 * Looks for work until aborted: when the bell rings, and at the latest after the milliseconds that the last look returned.
 * A look that meets an infrastructure fault, such as a lost database, is logged and repeated.
 * @throws any other error of a look
 */
export async function keepLooking(
  look: () => Promise<number>,
  { bell, log, complaint }: LookingOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    bell.silence();
    try {
      await bell.wait(signal, await look());
    } catch (error) {
      if (!isTransient(error)) throw error;
      log.warn({ err: error }, complaint);
      await sleep(FAILED_MS, signal);
    }
  }
}
