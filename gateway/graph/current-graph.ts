import type { GraphVersion } from './graph-version.ts';

/** Called when another graph version serves. */
type Listener = () => void;

/** Listeners called in one turn of the event loop, so that requests get theirs between. */
const AT_ONCE = 100;

/** Holds the graph version that serves. Open subscriptions, which outlive a swap, follow it. */
export class CurrentGraph {
  #current: GraphVersion;
  readonly #followers = new Set<Listener>();

  constructor(first: GraphVersion) {
    this.#current = first;
  }

  /** The graph version that new operations run on. */
  get current(): GraphVersion {
    return this.#current;
  }

  /** Number of followers: the open subscriptions. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Follows the graph versions to come. Returns a function that ends that. */
  follow(listener: Listener): () => void {
    this.#followers.add(listener);
    return () => void this.#followers.delete(listener);
  }

  /**
   * Lets the next graph version serve from now on. Resolves when the last use of the old one has ended, and it is
   * closed.
   */
  async swap(next: GraphVersion): Promise<void> {
    const old = this.#current;
    this.#current = next;
    const retired = old.retire();
    await this.#tell();
    return retired;
  }

  async #tell(): Promise<void> {
    let told = 0;
    for (const listener of this.#followers) {
      listener();
      told += 1;
      if (told % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
