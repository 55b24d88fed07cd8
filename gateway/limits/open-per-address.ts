/** Counts what is open of each address, such as its requests under way, up to a limit. */
export class OpenPerAddress {
  /** The most that an address may have open. */
  readonly most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.most = most;
  }

  /**
   * Counts one more of this address: returns a function to call when it is closed, or undefined if there are too many.
   */
  open(address: string): (() => void) | undefined {
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.most) return undefined;
    this.#counts.set(address, count + 1);
    return () => {
      const left = this.#counts.get(address)! - 1;
      if (left > 0) this.#counts.set(address, left);
      else this.#counts.delete(address);
    };
  }
}
