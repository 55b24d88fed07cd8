import type { Kysely } from 'kysely';
import { violationsOf } from './checker.ts';
import type { Entry } from './history.ts';

/** So long after the last fault everything must have ended. */
const PATIENCE_MS = 60_000;
/**
 * The same where payments get no answer: each of those is a fault, and the last of them may open the breaker, which keeps
 * payments from the provider for a minute, and for another if the next call gets no answer either.
 */
export const UNSURE_PATIENCE_MS = 3 * PATIENCE_MS;

/** What is still wrong, and when it was looked at last. */
export interface Settled {
  violations: string[];
  /** From now on. */
  seconds: number;
}

/** Waits until the checker finds nothing, or for a minute. */
export async function settle(
  kysely: Kysely<any>,
  history: readonly Entry[],
  patienceMs = PATIENCE_MS,
): Promise<Settled> {
  const began = performance.now();
  for (;;) {
    const violations = await violationsOf(kysely, history);
    const seconds = (performance.now() - began) / 1000;
    if (violations.length === 0 || seconds * 1000 > patienceMs) return { violations, seconds };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
