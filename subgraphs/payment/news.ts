/**
 * Wakes calls that wait for the provider's answer when a webhook brings the outcome first. It works within this
 * process: in another the call's timeout ends the wait, and the next attempt finds the outcome.
 */
export class News {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Wakes the calls that wait for this payment: its record has changed. */
  tell(paymentId: string): void {
    this.#waiting.get(paymentId)?.forEach((wake) => wake());
  }

  /** The answer; undefined if news came first. @throws the rejection of the answer */
  async orAnswer<T extends object>(paymentId: string, answer: Promise<T>): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => resolve(undefined);
    const waiting = this.#waiting.get(paymentId) ?? new Set();
    this.#waiting.set(paymentId, waiting.add(wake));
    try {
      return await Promise.race([answer, promise]);
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(paymentId);
    }
  }
}
