import { sleep } from '../sleep.ts';

/** How a part that fails is started again. */
export interface RestartPace {
  /** After so many failures in a row the part counts as broken; it is still tried, but rarely. */
  limit: number;
  /** Milliseconds before the first restart; twice as long before each next one, with jitter. */
  initialMs: number;
  maxMs: number;
  /** Milliseconds between tries once it is broken. */
  rareMs: number;
  /** A part that has run so many milliseconds works again. */
  stableMs: number;
}

/** How parts of agents are started again. */
export const RESTART: RestartPace = { limit: 5, initialMs: 200, maxMs: 5000, rareMs: 60_000, stableMs: 60_000 };

/** Who is told. */
export interface Supervised {
  signal: AbortSignal;
  /** @default RESTART */
  pace?: RestartPace;
  /** At each failure. A part that has ended without being asked to has failed too. */
  onFailure(error: unknown): void;
  /** It has reached the limit. */
  onBroken(): void;
  /** It works again, after it was broken. */
  onMended(): void;
}

/** Milliseconds before the next try, after so many failures: exponential, with jitter so that many do not come at once. */
export const delayAfter = (failures: number, { limit, initialMs, maxMs, rareMs }: RestartPace): number =>
  failures >= limit ? rareMs : Math.min(maxMs, initialMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);

/** Runs a part until aborted, and starts it again when it fails: it alone, and not the others. Never rejects. */
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
