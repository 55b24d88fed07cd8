/** Counts the uses of a thing that may be replaced, so that it ends with its last user and not before. */
export class Leases {
  readonly #end: () => Promise<void>;
  #open = 0;
  #isRetired = false;
  readonly #ended = Promise.withResolvers<void>();

  /** @param end run once, when it is retired and no longer used */
  constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  /** Number of uses now. */
  get open(): number {
    return this.#open;
  }

  /** Begins a use. Returns a function that ends it; calling that again does nothing. */
  enter(): () => void {
    this.#open += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#open -= 1;
      this.#endIfUnused();
    };
  }

  /** Retires a thing that was replaced: it ends when its last user has left. Resolves then. */
  retire(): Promise<void> {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#endIfUnused();
    }
    return this.#ended.promise;
  }

  #endIfUnused(): void {
    if (this.#isRetired && this.#open === 0) this.#end().then(this.#ended.resolve, this.#ended.reject);
  }
}
