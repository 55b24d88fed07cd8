/** The limits of a cache. */
export interface CacheLimits {
  entries: number;
  /** In the unit of the entries' weights: mostly the characters that they were made from. */
  weight: number;
}

/**
 * An LRU cache of values that are costly to make. It is bounded by the number of its entries and by their weight: a
 * bound on the number alone would keep as much as clients send. The least recently used entry goes first.
 */
export class LruCache<Value> {
  readonly #entries = new Map<string, { value: Value; weight: number }>();
  readonly #limits: CacheLimits;
  #weight = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether the entry is there. Asking does not count as use. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The entry's value; it is the most recently used one from now on. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Sets the entry, unless it alone is heavier than the whole cache may be. */
  set(key: string, value: Value, weight: number): void {
    this.delete(key);
    if (weight > this.#limits.weight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#weight <= this.#limits.weight) return;
      this.delete(oldest);
    }
  }

  /** Removes the entry; true if it was there. */
  delete(key: string): boolean {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    return this.#entries.delete(key);
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  /** All values, the least recently used first. */
  *values(): Generator<Value> {
    for (const { value } of this.#entries.values()) yield value;
  }
}
