/** Repeatable randomness: everything that a scenario draws comes from its seed. */

/** A random generator. */
export interface Draw {
  /** A number from 0 up to, and without, 1. */
  next(): number;
  /** A whole number, from the first to the second, both included. */
  between(least: number, most: number): number;
  /** One item of the list. */
  oneOf<T>(list: readonly T[]): T;
  /** The list in another order (Fisher and Yates). */
  shuffled<T>(list: readonly T[]): T[];
}

/** A generator (Park and Miller, 1988) for this seed. */
export function drawFrom(seed: number): Draw {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  next(); // Small seeds begin with small numbers.
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    oneOf: (list) => list[between(0, list.length - 1)]!,
    shuffled: (list) => {
      const cards = [...list];
      for (let last = cards.length - 1; last > 0; last--) {
        const other = between(0, last);
        [cards[last], cards[other]] = [cards[other]!, cards[last]!];
      }
      return cards;
    },
  };
}
