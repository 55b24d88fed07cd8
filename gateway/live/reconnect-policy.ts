import { isTransient } from '../../platform/errors.ts';
import { sleep } from '../../platform/sleep.ts';

/** Long enough for a process to be started again or replaced, in milliseconds. */
const PATIENCE_MS = 30_000;
/** Before the first try and, twice as long before each next one, the last. At random below that: all groups break at once. */
const [SOONEST_MS, LATEST_MS] = [200, 4000];

/**
 * How often and for how long a group reconnects to an agent whose source has broken off. It gives up when nothing was told
 * for so long, however often a source could be opened that broke off again.
 */
export class ReconnectPolicy {
  readonly #ms: number;
  #end: number | undefined;
  #delay = SOONEST_MS;
  #succeededAt = 0;

  constructor(ms = PATIENCE_MS) {
    this.#ms = ms;
  }

  /** Something was told: whatever breaks off now is news. */
  renew(): void {
    this.#end = undefined;
    this.#delay = SOONEST_MS;
  }

  /**
   * Tries until it succeeds; undefined if the signal aborts.
   * @param broken what made it necessary
   * @throws the last error, if it is none that passes, or does not pass in time
   */
  async until<T>(attempt: () => Promise<T>, broken: unknown, signal: AbortSignal): Promise<T | undefined> {
    // One that was open for so long, if in silence, has not broken off again and again.
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
