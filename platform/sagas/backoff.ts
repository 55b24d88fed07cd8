const FIRST_MS = 100;
/** Where most outages are over, a saga should go on soon after. */
const SOON_MS = 10_000;
/** So many attempts are made within about two minutes; a step that still fails then is tried ever more seldom. */
export const SOON_ATTEMPTS = 18;
const GROWTH = 1.5;
const MAX_MS = 3_600_000;

/**
 * How long a step waits after so many failed attempts: doubled up to ten seconds, for two minutes, and then half as long
 * again each time, up to an hour. So what has failed for some time is tried again within half of that time at most.
 */
export function delayAfter(attempts: number, random: () => number = Math.random): number {
  const longest =
    attempts <= SOON_ATTEMPTS
      ? Math.min(SOON_MS, FIRST_MS * 2 ** (attempts - 1))
      : SOON_MS * GROWTH ** (attempts - SOON_ATTEMPTS);
  // Half of it by chance, so that what failed together is not tried again together.
  return Math.min(MAX_MS, longest) * (0.5 + random() / 2);
}
