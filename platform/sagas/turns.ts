/**
 * Who may work at a time, and who waits for a turn. A turn is for the work at a step, and not for a whole saga: sagas
 * that wait for a buyer, for another saga or for their next attempt take none, so that any number of those leaves the
 * others what they need.
 */
export class Turns {
  #free: number;
  /** In the order of their places. */
  readonly #waiting: { place: number; begin: () => void }[] = [];

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Does the work when its turn has come: the lowest place first, so that what was begun first is ended first. */
  async take<T>(place: number, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((begin) => this.#queue(place, begin));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.begin();
      else this.#free++;
    }
  }

  #queue(place: number, begin: () => void): void {
    const before = this.#waiting.findLastIndex((other) => other.place <= place);
    this.#waiting.splice(before + 1, 0, { place, begin });
  }
}
