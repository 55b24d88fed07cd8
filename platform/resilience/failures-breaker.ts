import { CircuitState, type IBreaker } from 'cockatiel';

/** When a circuit opens. */
export interface FailuresBreakerOptions {
  /** So many failures in a row, ... */
  failures: number;
  /** ... which are half of the calls of so many last milliseconds, or more. Without: whatever else there was. */
  withinMs?: number;
  /** For tests. @default the process's monotonic clock, in milliseconds */
  now?: () => number;
}

/** Calls are counted by the second: a window needs no more. */
const SLOT_MS = 1000;

interface Slot {
  begun: number;
  calls: number;
  failures: number;
}

/**
 * Opens after failures in a row. Where many calls run at once that alone misleads: the quick ones succeed first, the
 * slow ones time out together, and five in a row come out of a crowd that is well. So they must be half of the calls
 * of the last seconds, too.
 */
export class FailuresBreaker implements IBreaker {
  readonly #options: FailuresBreakerOptions;
  readonly #now: () => number;
  #inARow = 0;
  #slots: Slot[] = [];

  constructor(options: FailuresBreakerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Failures in a row, up to now. */
  get state(): number {
    return this.#inARow;
  }

  set state(value: unknown) {
    this.#inARow = value as number;
  }

  /** A call was answered. One that was answered as a probe begins a new count. */
  success(state: CircuitState): void {
    this.#inARow = 0;
    if (state === CircuitState.Closed) this.#count(0);
    else this.#slots = [];
  }

  /** A call failed. Whether the circuit opens, or stays open. */
  failure(state: CircuitState): boolean {
    this.#inARow++;
    this.#count(1);
    if (state !== CircuitState.Closed) return true;
    return this.#inARow >= this.#options.failures && this.#areHalf();
  }

  #count(failures: 0 | 1): void {
    if (this.#options.withinMs === undefined) return;
    const now = this.#now();
    let last = this.#slots.at(-1);
    if (!last || now - last.begun >= SLOT_MS) this.#slots.push((last = { begun: now, calls: 0, failures: 0 }));
    last.calls++;
    last.failures += failures;
    while (now - this.#slots[0]!.begun > this.#options.withinMs) this.#slots.shift();
  }

  #areHalf(): boolean {
    if (this.#options.withinMs === undefined) return true;
    let [calls, failures] = [0, 0];
    for (const slot of this.#slots) {
      calls += slot.calls;
      failures += slot.failures;
    }
    return failures * 2 >= calls;
  }
}
