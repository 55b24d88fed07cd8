/** A repeatable random generator: the same seed, the same numbers (mulberry32, by Tommy Ettinger, public domain). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number, at least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** True with this probability. */
  is(probability: number): boolean {
    return this.next() < probability;
  }

  /** One item of the list. */
  one<T>(among: readonly T[]): T {
    return among[Math.floor(this.next() * among.length)]!;
  }

  /** Some items of the list, at least one and at most so many, in their order. */
  some<T>(among: readonly T[], most: number): T[] {
    const wanted = 1 + Math.floor(this.next() * Math.min(most, among.length));
    const left = [...among.keys()];
    const taken = new Set<number>();
    while (taken.size < wanted) taken.add(left.splice(Math.floor(this.next() * left.length), 1)[0]!);
    return among.filter((_, index) => taken.has(index));
  }
}
