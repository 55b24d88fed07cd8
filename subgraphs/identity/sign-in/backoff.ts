/** The exponential backoff after failed guesses. Pure: no I/O, no clock. */

import type { SignInAttemptsRow } from '../entities.ts';

/** The number of free failures, and the wait after each further one. */
export interface Patience {
  free: number;
  firstMs: number;
  mostMs: number;
}

/** The counter of earlier attempts. */
export type Attempts = Omit<SignInAttemptsRow, 'key'>;

const MINUTE_MS = 60_000;

/** The backoff of an account. It ends by itself, so that its owner is not locked out for long. */
export const OF_ACCOUNT: Patience = { free: 5, firstMs: MINUTE_MS, mostMs: 15 * MINUTE_MS };
/** The backoff of an address, behind which a whole office may be. */
export const OF_ADDRESS: Patience = { free: 50, firstMs: MINUTE_MS, mostMs: 15 * MINUTE_MS };

/** Failures are forgotten after this time without another. */
export const FORGET_MS = 24 * 60 * MINUTE_MS;

/** The end of the block, if there is one. */
export const blockedUntil = (before: Attempts | undefined, now: Date): Date | undefined =>
  before?.blockedUntil && before.blockedUntil > now ? before.blockedUntil : undefined;

/** The counter after one more failure: from the last free one on, each doubles the wait. */
export function afterFailure(before: Attempts | undefined, { free, firstMs, mostMs }: Patience, now: Date): Attempts {
  const isOld = !before || now.getTime() - before.lastAt.getTime() > FORGET_MS;
  const failures = (isOld ? 0 : before.failures) + 1;
  const wait = Math.min(mostMs, firstMs * 2 ** (failures - free));
  return { failures, lastAt: now, blockedUntil: failures < free ? null : new Date(now.getTime() + wait) };
}
