import type { Kysely } from 'kysely';
import { violationsOf } from './checker.ts';
import type { Entry } from './history.ts';

/** So long after the last fault everything must have ended. */
const PATIENCE_MS = 60_000;

/** What is still wrong, and when it was looked at last. */
export interface Settled {
  violations: string[];
  /** From now on. */
  seconds: number;
}

/** Waits until the checker finds nothing, or for a minute. */
export async function settle(kysely: Kysely<any>, history: readonly Entry[]): Promise<Settled> {
  const began = performance.now();
  for (;;) {
    const violations = await violationsOf(kysely, history);
    const seconds = (performance.now() - began) / 1000;
    if (violations.length === 0 || seconds * 1000 > PATIENCE_MS) return { violations, seconds };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
