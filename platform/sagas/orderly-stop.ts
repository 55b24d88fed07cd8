import { never } from './never.ts';

/**
 * Stops sagas between two steps. DBOS takes an error that a step or a wait throws while it shuts down, or because its
 * database is away, for the saga's own, and keeps it as the saga's end; so nothing is thrown then. A saga that stops is
 * parked: its promise never settles, its state stands in the database, and whoever runs it next goes on from there.
 */
export class OrderlyStop {
  readonly #stopping = new AbortController();
  readonly #isInfrastructureFault: (error: unknown) => boolean;
  #busy = 0;
  #idle: (() => void) | undefined;

  /** Told by a step's error whether the engine lost its database. Then all stop. */
  constructor(isInfrastructureFault: (error: unknown) => boolean) {
    this.#isInfrastructureFault = isInfrastructureFault;
  }

  /** Aborts when the stop begins; for a lost database, with the error as its reason. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs one step or wait, unless the stop has begun. `leave` says that it does nothing that must be waited for. */
  async pass<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.signal.aborted) return never();
    let isBusy = true;
    const leave = (): void => {
      if (isBusy && --this.#busy === 0) this.#idle?.();
      isBusy = false;
    };
    this.#busy++;
    const outcome = await work(leave).then(
      (result) => () => result,
      (error: Error) => {
        if (this.#isInfrastructureFault(error)) this.lose(error);
        return () => {
          throw error;
        };
      },
    );
    leave();
    return this.signal.aborted ? never() : outcome();
  }

  /** From inside a step: it is not done, and stays so. */
  park(leave: () => void): Promise<never> {
    leave();
    return never();
  }

  /** The database is lost: whatever comes out of the steps under way counts for nothing. */
  lose(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  /** Lets no further step begin, and waits until those under way are done and kept, but no longer than this. */
  async begin(milliseconds = 3000): Promise<void> {
    const isLost = this.signal.aborted;
    this.#stopping.abort();
    if (isLost || this.#busy === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#idle = resolve;
    await promise;
    clearTimeout(timer);
  }
}
