import type { Rings } from './rings.ts';

/**
 * Wakes readers of the log after a commit, in this process and, if there is something that carries it, in all others.
 * Only a hint: whoever waits also polls, so that a lost ring costs latency and nothing else.
 */
export class Bell {
  readonly #ears = new Set<Ear>();
  readonly #rings: Rings | undefined;

  /** @param rings carries to other processes and from them; without it the bell is heard in this one alone */
  constructor(rings?: Rings) {
    this.#rings = rings;
    rings?.onRing((types) => this.#wake(types));
  }

  /** Call after the commit with the types of the events appended: readers of others need not wake. */
  ring(types?: readonly string[]): void {
    this.#wake(types);
    this.#rings?.send(types);
  }

  #wake(types?: readonly string[]): void {
    for (const ear of this.#ears) ear.hear(types);
  }

  /** Somebody who waits, for these types or for any. Close it when done. */
  listen(types?: readonly string[]): Ear {
    const ear = new Ear(types, () => this.#ears.delete(ear));
    this.#ears.add(ear);
    return ear;
  }
}

/** After a ring, wait this long, so that one batch takes what many commits wrote. */
const GATHER_MS = 10;
/** A ring means committed, not yet visible: an older transaction may hold the tail back. Look again soon, then less. */
const SOONEST_MS = 5;
/** Without any ring, look this often. */
const BACKSTOP_MS = 250;

/** One reader's waiting. */
export class Ear {
  #heard = false;
  #wake: (() => void) | undefined;
  #wait = BACKSTOP_MS;
  readonly #types: ReadonlySet<string> | undefined;
  /** Stops listening. */
  readonly close: () => void;

  constructor(types: readonly string[] | undefined, close: () => void) {
    this.#types = types && new Set(types);
    this.close = close;
  }

  /** Called by the bell. */
  hear(types?: readonly string[]): void {
    if (types && this.#types && !types.some((type) => this.#types!.has(type))) return;
    this.#heard = true;
    this.#wake?.();
  }

  /** Call when a read came back short. Resolves when it is time to look again, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    if (!this.#heard) await this.#sleep(this.#wait, signal, true);
    if (this.#heard) await this.#sleep(GATHER_MS, signal, false);
    this.#wait = this.#heard ? SOONEST_MS : Math.min(this.#wait * 2, BACKSTOP_MS);
    this.#heard = false;
  }

  #sleep(milliseconds: number, signal: AbortSignal, wakeable: boolean): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      this.#wake = undefined;
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    if (wakeable) this.#wake = done;
    return promise;
  }
}
