/** What is kept at most. */
export interface Most {
  entries: number;
  /** In the unit in which entries are weighed: mostly the characters that they were made from. */
  weight: number;
}

/**
 * Keeps what costs much to make again: so many entries at most, and of so much weight together, because who counts
 * entries only keeps as much as strangers send. The one unused for longest goes first.
 */
export class Kept<Value> {
  readonly #entries = new Map<string, { value: Value; weight: number }>();
  readonly #most: Most;
  #weight = 0;

  constructor(most: Most) {
    this.#most = most;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether it is there; that is no use of it. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** From now on it is the one used last. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps it, in place of what was there, unless it alone weighs more than all may. */
  set(key: string, value: Value, weight: number): void {
    this.delete(key);
    if (weight > this.#most.weight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most.entries && this.#weight <= this.#most.weight) return;
      this.delete(oldest);
    }
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    return this.#entries.delete(key);
  }

  /** Keeps nothing any more. */
  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  /** All of them, the one unused for longest first. */
  *values(): Generator<Value> {
    for (const { value } of this.#entries.values()) yield value;
  }
}
