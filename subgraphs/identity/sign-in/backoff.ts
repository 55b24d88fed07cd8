/** How long somebody waits who guesses. Pure: no I/O, no clock. */

import type { SignInAttemptsRow } from '../entities.ts';

/** How many failures are free, and how long each further one costs. */
export interface Patience {
  free: number;
  firstMs: number;
  mostMs: number;
}

/** What is known of earlier attempts. */
export type Attempts = Omit<SignInAttemptsRow, 'key'>;

const MINUTE_MS = 60_000;

/** Of one account. It opens again by itself, so that nobody locks out its owner for long. */
export const OF_ACCOUNT: Patience = { free: 5, firstMs: MINUTE_MS, mostMs: 15 * MINUTE_MS };
/** Of one address, behind which a whole office may be. */
export const OF_ADDRESS: Patience = { free: 50, firstMs: MINUTE_MS, mostMs: 15 * MINUTE_MS };

/** Failures are forgotten when there was no other for so long. */
export const FORGET_MS = 24 * 60 * MINUTE_MS;

/** Until when nothing may be tried, if so. */
export const blockedUntil = (before: Attempts | undefined, now: Date): Date | undefined =>
  before?.blockedUntil && before.blockedUntil > now ? before.blockedUntil : undefined;

/** After one more failure: from the last free one on, each doubles the wait. */
export function afterFailure(before: Attempts | undefined, { free, firstMs, mostMs }: Patience, now: Date): Attempts {
  const isOld = !before || now.getTime() - before.lastAt.getTime() > FORGET_MS;
  const failures = (isOld ? 0 : before.failures) + 1;
  const wait = Math.min(mostMs, firstMs * 2 ** (failures - free));
  return { failures, lastAt: now, blockedUntil: failures < free ? null : new Date(now.getTime() + wait) };
}
