import { boundedKey } from './bounded-key.ts';

/** Notices what was there before: for the nonces of signed requests, so that a request passes only once. */
export interface NonceStore {
  /** True for the first who names this key in so many seconds, false for every other. Never rejects. */
  first(key: string, seconds: number): Promise<boolean>;
}

/** The most keys that are remembered; the oldest is forgotten for the next. */
const MOST_KEYS = 200_000;

/** What one process remembers. */
export class LocalNonces implements NonceStore {
  /** Until when each is remembered, by `performance.now()`. */
  readonly #until = new Map<string, number>();
  readonly #most: number;

  constructor(most = MOST_KEYS) {
    this.#most = most;
  }

  async first(name: string, seconds: number): Promise<boolean> {
    const key = boundedKey(name);
    const now = performance.now();
    if ((this.#until.get(key) ?? 0) > now) return false;
    this.#forget(now);
    // Deleted first, so that it is the youngest in the map's order.
    this.#until.delete(key);
    this.#until.set(key, now + seconds * 1000);
    return true;
  }

  /** Those at the front that are over: mostly all keys last equally long, so little is left behind another. */
  #forget(now: number): void {
    for (const [key, until] of this.#until) {
      if (until > now && this.#until.size < this.#most) return;
      this.#until.delete(key);
    }
  }
}
