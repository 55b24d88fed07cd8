import { CircuitState, type IBreaker } from 'cockatiel';

/** Conditions under which a circuit opens. */
export interface FailuresBreakerOptions {
  /** Number of failures in a row. */
  failures: number;
  /** Window in milliseconds in which at least half of the calls must have failed, too. @default no such condition */
  withinMs?: number;
  /** For tests. @default the process's monotonic clock, in milliseconds */
  now?: () => number;
}

/** Calls are counted by the second, which is precise enough for the window. */
const SLOT_MS = 1000;

interface Slot {
  begun: number;
  calls: number;
  failures: number;
}

/**
 * A breaker that opens after failures in a row. With many concurrent calls that alone misleads: the quick ones succeed
 * first, the slow ones time out together, and so a healthy dependency has five failures in a row. So at least half of
 * the calls of the last seconds must have failed, too.
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

  /** Current number of failures in a row. */
  get state(): number {
    return this.#inARow;
  }

  set state(value: unknown) {
    this.#inARow = value as number;
  }

  /** Counts a call that succeeded. A successful probe resets the window. */
  success(state: CircuitState): void {
    this.#inARow = 0;
    if (state === CircuitState.Closed) this.#count(0);
    else this.#slots = [];
  }

  /** Counts a call that failed. Returns whether the circuit opens, or stays open. */
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
