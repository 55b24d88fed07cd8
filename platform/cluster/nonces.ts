import { boundedKey } from './bounded-key.ts';

/** Replay protection: remembers the nonces of signed requests, so that a request passes only once. */
export interface NonceStore {
  /** True for the first call with this key in so many seconds, false for every other. Never rejects. */
  first(key: string, seconds: number): Promise<boolean>;
}

/** Limit of remembered keys; the oldest is dropped for the next. */
const MOST_KEYS = 200_000;

/** The nonces of one process. */
export class LocalNonces implements NonceStore {
  /** Expiry of each key, by `performance.now()`. */
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
    // Deleted first, so that it comes last in the map's order.
    this.#until.delete(key);
    this.#until.set(key, now + seconds * 1000);
    return true;
  }

  /** Drops expired keys from the front: keys mostly live equally long, so few expired ones stay behind a live one. */
  #forget(now: number): void {
    for (const [key, until] of this.#until) {
      if (until > now && this.#until.size < this.#most) return;
      this.#until.delete(key);
    }
  }
}
