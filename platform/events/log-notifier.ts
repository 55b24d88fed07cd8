import { Bell } from '../bell.ts';
import { sleep } from '../sleep.ts';
import type { NotifierRelay } from './notifier-relay.ts';

/**
 * Wakes readers of the event log after a commit, in this process and, through a relay, in all others. A notification is
 * only a hint: readers also poll, so a lost one costs nothing but latency.
 */
export class LogNotifier {
  readonly #waiters = new Set<LogWaiter>();
  readonly #relay: NotifierRelay | undefined;
  #notifiedAt = -Infinity;

  /** @param relay carries notifications to and from other processes. @default none: only this process is notified */
  constructor(relay?: NotifierRelay) {
    this.#relay = relay;
    relay?.onNotify((types) => this.#wake(types));
  }

  /** Call after the commit with the types of the appended events: readers of other types need not wake. */
  notify(types?: readonly string[]): void {
    this.#wake(types);
    this.#relay?.send(types);
  }

  /** Time of the last notification, from here or elsewhere, by `performance.now()`. */
  get notifiedAt(): number {
    return this.#notifiedAt;
  }

  #wake(types?: readonly string[]): void {
    this.#notifiedAt = performance.now();
    for (const waiter of this.#waiters) waiter.hear(types);
  }

  /** Creates a waiter for events of these types, or of any. Close it when done. */
  listen(types?: readonly string[]): LogWaiter {
    const backstopMs = (): number => (this.#relay?.isConnected === false ? UNTOLD_MS : BACKSTOP_MS);
    const waiter = new LogWaiter({ types, backstopMs, close: () => this.#waiters.delete(waiter) });
    this.#waiters.add(waiter);
    return waiter;
  }
}

/** Milliseconds between a notification and the read, so that one batch takes the events of many commits. */
export const GATHER_MS = 10;
/** First poll after a notification, then with backoff: an older transaction may hold a committed event back from readers. */
const SOONEST_MS = 5;
/** Poll interval without a notification, and while the relay to other processes is down. */
const BACKSTOP_MS = 500;
const UNTOLD_MS = 250;

/** The wait of one reader of the log between two reads. */
export class LogWaiter {
  readonly #bell = new Bell();
  #wait: number;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #backstopMs: () => number;
  /** Stops listening. */
  readonly close: () => void;

  constructor(options: { types?: readonly string[]; backstopMs(): number; close(): void }) {
    this.#types = options.types && new Set(options.types);
    this.#backstopMs = options.backstopMs;
    this.#wait = options.backstopMs();
    this.close = options.close;
  }

  /** Called by the notifier; other types than the waiter's are ignored. */
  hear(types?: readonly string[]): void {
    if (types && this.#types && !types.some((type) => this.#types!.has(type))) return;
    this.#bell.ring();
  }

  /** Call when a read came back short. Resolves when it is time for the next read, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    await this.#bell.wait(signal, this.#wait);
    if (this.#bell.hasRung) await sleep(GATHER_MS, signal);
    this.#wait = this.#bell.hasRung ? SOONEST_MS : Math.min(this.#wait * 2, this.#backstopMs());
    this.#bell.silence();
  }
}
