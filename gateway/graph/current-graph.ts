import type { GraphVersion } from './graph-version.ts';

/** Told that another graph version serves. */
type Listener = () => void;

/** So many are told at one turn of the event loop, so that requests get theirs between. */
const AT_ONCE = 100;

/** Which graph version serves. What outlives a swap, such as an open subscription, follows it. */
export class CurrentGraph {
  #current: GraphVersion;
  readonly #followers = new Set<Listener>();

  constructor(first: GraphVersion) {
    this.#current = first;
  }

  /** The one that new operations run on. */
  get current(): GraphVersion {
    return this.#current;
  }

  /** How many follow it: the open subscriptions. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Follows the graph versions to come. Returns what ends that. */
  follow(listener: Listener): () => void {
    this.#followers.add(listener);
    return () => void this.#followers.delete(listener);
  }

  /** The next serves from this moment on. Resolves when the last use of the old one has ended, and it is closed. */
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
