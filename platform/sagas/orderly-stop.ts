/**
 * Stops sagas between two steps. DBOS takes an error that a step or a wait throws while it shuts down for the saga's
 * own, and keeps it as the saga's end; so nothing is thrown then. A saga that stops is parked: its promise never
 * settles, its state stands in the database, and the next worker goes on with it.
 */
export class OrderlyStop {
  readonly #stopping = new AbortController();
  #busy = 0;
  #idle: (() => void) | undefined;

  /** Aborts when the stop begins. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs one step or wait, unless the stop has begun. `leave` says that it does nothing that must be waited for. */
  async pass<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.signal.aborted) return PARKED;
    let isBusy = true;
    const leave = (): void => {
      if (isBusy && --this.#busy === 0) this.#idle?.();
      isBusy = false;
    };
    this.#busy++;
    const outcome = await work(leave).then(
      (result) => () => result,
      (error: Error) => () => {
        throw error;
      },
    );
    leave();
    return this.signal.aborted ? PARKED : outcome();
  }

  /** From inside a step: it is not done, and stays so. */
  park(leave: () => void): Promise<never> {
    leave();
    return PARKED;
  }

  /** Lets no further step begin, and waits until those under way are done and kept, but no longer than this. */
  async begin(milliseconds = 3000): Promise<void> {
    this.#stopping.abort();
    if (this.#busy === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#idle = resolve;
    await promise;
    clearTimeout(timer);
  }
}

const PARKED: Promise<never> = new Promise(() => {});
