import type { Generation } from './generation.ts';

/** Told that another generation serves. */
type Heir = () => void;

/** So many are told at one turn of the event loop, so that requests get theirs between. */
const AT_ONCE = 100;

/** Which generation serves. What outlives a swap, such as an open subscription, follows it. */
export class Succession {
  #current: Generation;
  readonly #followers = new Set<Heir>();

  constructor(first: Generation) {
    this.#current = first;
  }

  /** The one that new operations run on. */
  get current(): Generation {
    return this.#current;
  }

  /** How many follow it: the open subscriptions. */
  get followers(): number {
    return this.#followers.size;
  }

  /** Follows the generations to come. Returns what ends that. */
  follow(heir: Heir): () => void {
    this.#followers.add(heir);
    return () => void this.#followers.delete(heir);
  }

  /** The next serves from this moment on. Resolves when the last use of the old one has ended, and it is closed. */
  async swap(next: Generation): Promise<void> {
    const old = this.#current;
    this.#current = next;
    const retired = old.retire();
    await this.#tell();
    return retired;
  }

  async #tell(): Promise<void> {
    let told = 0;
    for (const heir of this.#followers) {
      heir();
      told += 1;
      if (told % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
