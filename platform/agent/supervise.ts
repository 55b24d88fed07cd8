import { sleep } from '../sleep.ts';

/** Backoff for restarts of a part that fails. */
export interface RestartPace {
  /** After so many failures in a row the part counts as broken; it is still tried, but rarely. */
  limit: number;
  /** Milliseconds before the first restart; twice as long before each next one, with jitter. */
  initialMs: number;
  maxMs: number;
  /** Milliseconds between tries once it is broken. */
  rareMs: number;
  /** A part that has run so many milliseconds counts as working again. */
  stableMs: number;
}

/** Backoff for restarts of agents' parts. */
export const RESTART: RestartPace = { limit: 5, initialMs: 200, maxMs: 5000, rareMs: 60_000, stableMs: 60_000 };

/** Options of a supervised part. */
export interface Supervised {
  signal: AbortSignal;
  /** @default RESTART */
  pace?: RestartPace;
  /** Called at each failure. A part that ends without being asked to has failed too. */
  onFailure(error: unknown): void;
  /** Called when the part has reached the limit of failures. */
  onBroken(): void;
  /** Called when the part works again after it was broken. */
  onMended(): void;
}

/** Milliseconds before the next try after so many failures: exponential backoff, with jitter against bursts. */
export const delayAfter = (failures: number, { limit, initialMs, maxMs, rareMs }: RestartPace): number =>
  failures >= limit ? rareMs : Math.min(maxMs, initialMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);

/** Runs a part until aborted, and restarts it alone when it fails (one for one). Never rejects. */
export async function supervise(part: (signal: AbortSignal) => Promise<void>, options: Supervised): Promise<void> {
  const { signal, pace = RESTART, onFailure, onBroken, onMended } = options;
  let failures = 0;
  while (!signal.aborted) {
    const stable = setTimeout(() => {
      if (failures >= pace.limit) onMended();
      failures = 0;
    }, pace.stableMs);
    try {
      await part(signal);
      if (signal.aborted) return;
      throw new Error('it ended without being asked to');
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      onFailure(error);
      if (failures === pace.limit) onBroken();
    } finally {
      clearTimeout(stable);
    }
    await sleep(delayAfter(failures, pace), signal);
  }
}
