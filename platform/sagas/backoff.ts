const FIRST_MS = 100;
/** Longest delay at first: most outages are short, and a saga should go on soon after. */
const SOON_MS = 10_000;
/** Number of attempts within about the first two minutes; later ones are ever rarer. */
export const SOON_ATTEMPTS = 18;
const GROWTH = 1.5;
const MAX_MS = 3_600_000;

/**
 * Backoff of a step after so many failed attempts: doubled up to ten seconds, for two minutes, and then half as long
 * again each time, up to an hour. So a retry comes at the latest after half of the time for which the step has failed.
 */
export function delayAfter(attempts: number, random: () => number = Math.random): number {
  const longest =
    attempts <= SOON_ATTEMPTS
      ? Math.min(SOON_MS, FIRST_MS * 2 ** (attempts - 1))
      : SOON_MS * GROWTH ** (attempts - SOON_ATTEMPTS);
  // Half of it is jitter, so that steps that failed together are not retried together.
  return Math.min(MAX_MS, longest) * (0.5 + random() / 2);
}
