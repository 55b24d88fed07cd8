import { never } from './never.ts';

/**
 * Stops sagas between two steps (graceful shutdown). DBOS takes an error that a step or a wait throws during shutdown,
 * or because its database is away, for the saga's own, and keeps it as the saga's end; so nothing is thrown then.
 * Instead the saga's promise never settles: its state is in the database, and the next worker goes on from there.
 */
export class OrderlyStop {
  readonly #stopping = new AbortController();
  readonly #isInfrastructureFault: (error: unknown) => boolean;
  #busy = 0;
  #idle: (() => void) | undefined;

  /** @param isInfrastructureFault tells by a step's error whether the engine lost its database; then all sagas stop */
  constructor(isInfrastructureFault: (error: unknown) => boolean) {
    this.#isInfrastructureFault = isInfrastructureFault;
  }

  /** Aborts when the stop begins; for a lost database, with the error as its reason. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs one step or wait, unless the stop has begun. The work calls `leave` when a stop need not wait for it. */
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

  /** Leaves a step undone, from inside it. */
  park(leave: () => void): Promise<never> {
    leave();
    return never();
  }

  /** Stops because the database is lost: results of the steps under way are dropped. */
  lose(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  /** Lets no further step begin, and waits until those under way are done and checkpointed, up to a timeout. */
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
