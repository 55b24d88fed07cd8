/**
 * The bell of a loop that looks for work: it is rung by who has made some, so that the loop need not poll. A ring while
 * nobody waits is kept for the next wait.
 */
export class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  /** Whether it has rung since it was last silenced. */
  get hasRung(): boolean {
    return this.#hasRung;
  }

  /** Ends the wait of the loop, or its next one. */
  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Forgets earlier rings. Called before a look, so that a ring during the look has the loop look again. */
  silence(): void {
    this.#hasRung = false;
  }

  /** Waits for a ring, at most so many milliseconds, or until the signal aborts. Never rejects. */
  async wait(signal: AbortSignal, atMost?: number): Promise<void> {
    if (this.#hasRung || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = atMost === undefined ? undefined : setTimeout(resolve, atMost);
    signal.addEventListener('abort', resolve as () => void, { once: true });
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
    signal.removeEventListener('abort', resolve as () => void);
  }
}
