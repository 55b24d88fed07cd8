/**
 * A priority semaphore for steps: limits how many run at a time. A turn is held for the work of a step, not for a whole
 * saga: sagas that wait for a buyer, for another saga or for their next attempt hold none, so that any number of those
 * leaves the others their turns.
 */
export class Turns {
  #free: number;
  /** Waiting steps, in the order of their places. */
  readonly #waiting: { place: number; begin: () => void }[] = [];

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Runs the work when its turn has come: the lowest place first, so that the oldest saga ends first. */
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
