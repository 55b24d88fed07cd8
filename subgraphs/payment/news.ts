/**
 * Wakes whoever waits for the provider's answer when the outcome became known otherwise, by a webhook. Within this
 * process: in another one the call's timeout ends the wait, and the next attempt finds the outcome.
 */
export class News {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Something was recorded for this payment. */
  tell(paymentId: string): void {
    this.#waiting.get(paymentId)?.forEach((wake) => wake());
  }

  /** The answer; undefined if there were news first. @throws what the answer is rejected with */
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
