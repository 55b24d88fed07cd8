import type { Kysely } from 'kysely';
import { violationsOf } from './checker.ts';
import type { Entry } from './history.ts';

/**
 * How long after the last fault everything must have ended. Payments that get no answer, of an unsure provider or
 * because a busy machine is too slow for its deadline, open the circuit breaker, which keeps payments from the provider
 * for a minute, and for another if the next call gets no answer either. Milliseconds.
 */
const PATIENCE_MS = 180_000;

/** The remaining violations, and the time of the last check. */
export interface Settled {
  violations: string[];
  /** Seconds from the start of the wait. */
  seconds: number;
}

/** Waits until the checker finds nothing, or for three minutes. */
export async function settle(kysely: Kysely<any>, history: readonly Entry[]): Promise<Settled> {
  const began = performance.now();
  for (;;) {
    const violations = await violationsOf(kysely, history);
    const seconds = (performance.now() - began) / 1000;
    if (violations.length === 0 || seconds * 1000 > PATIENCE_MS) return { violations, seconds };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
