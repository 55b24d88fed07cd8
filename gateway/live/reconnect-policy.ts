import { isTransient } from '../../platform/errors.ts';
import { sleep } from '../../platform/sleep.ts';

/** How long reconnecting is tried: long enough for a process to be started again or replaced. Milliseconds. */
const PATIENCE_MS = 30_000;
/**
 * Backoff before the first try and, doubled before each next one, before the last. With full jitter: all groups break
 * at once.
 */
const [SOONEST_MS, LATEST_MS] = [200, 4000];

/**
 * How often and for how long a group reconnects to an agent whose source has broken off. It gives up when no event was
 * told for so long, however often a source could be opened that broke off again.
 */
export class ReconnectPolicy {
  readonly #ms: number;
  #end: number | undefined;
  #delay = SOONEST_MS;
  #succeededAt = 0;

  constructor(ms = PATIENCE_MS) {
    this.#ms = ms;
  }

  /** Starts anew, since an event was told: the next break is a new one. */
  renew(): void {
    this.#end = undefined;
    this.#delay = SOONEST_MS;
  }

  /**
   * Tries until it succeeds; undefined if the signal aborts.
   * @param broken the error that made it necessary
   * @throws the last error, if it is not transient, or lasts too long
   */
  async until<T>(attempt: () => Promise<T>, broken: unknown, signal: AbortSignal): Promise<T | undefined> {
    // A source that was open for so long, even in silence, has not broken off again and again.
    if (performance.now() - this.#succeededAt > this.#ms) this.renew();
    this.#end ??= performance.now() + this.#ms;
    let error = broken;
    while (isTransient(error) && performance.now() < this.#end) {
      await sleep(Math.random() * this.#delay, signal);
      if (signal.aborted) return undefined;
      this.#delay = Math.min(this.#delay * 2, LATEST_MS);
      try {
        const result = await attempt();
        this.#succeededAt = performance.now();
        return result;
      } catch (again) {
        error = again;
      }
    }
    throw error;
  }
}
