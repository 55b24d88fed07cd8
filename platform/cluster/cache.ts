import { boundedKey } from './bounded-key.ts';

/** The longest cached value, in UTF-16 code units. */
export const MAX_VALUE = 262_144;

/** A cache of values that are costly to make. Entries may be evicted at any time. */
export interface Cache {
  /** The cached value; undefined if there is none or it has expired. Never rejects. */
  get(key: string): Promise<string | undefined>;
  /** Caches a value with a time to live; not if it is longer than {@link MAX_VALUE}. Never rejects. */
  set(key: string, value: string, seconds: number): Promise<void>;
}

/** Limits of a process's cache. */
const MOST = { entries: 10_000, characters: 32 * 1024 * 1024 };

/** An LRU cache in one process. */
export class LocalCache implements Cache {
  readonly #entries = new Map<string, { value: string; until: number }>();
  readonly #most: typeof MOST;
  #characters = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  async get(name: string): Promise<string | undefined> {
    const key = boundedKey(name);
    const entry = this.#take(key);
    if (!entry || entry.until <= performance.now()) return undefined;
    this.#put(key, entry);
    return entry.value;
  }

  async set(name: string, value: string, seconds: number): Promise<void> {
    const key = boundedKey(name);
    this.#take(key);
    if (value.length > MAX_VALUE || seconds <= 0) return;
    this.#put(key, { value, until: performance.now() + seconds * 1000 });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most.entries && this.#characters <= this.#most.characters) return;
      this.#take(oldest);
    }
  }

  #put(key: string, entry: { value: string; until: number }): void {
    this.#entries.set(key, entry);
    this.#characters += key.length + entry.value.length;
  }

  #take(key: string): { value: string; until: number } | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#characters -= key.length + entry.value.length;
    return entry;
  }
}
