import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NotifierRelay } from '../events/notifier-relay.ts';
import { sleep } from '../sleep.ts';

/** A transport of short messages to all processes, this one included. */
export interface Carrier {
  readonly isUp: boolean;
  /** False if it was not sent. Never rejects. */
  send(message: string): Promise<boolean>;
  hear(listener: (message: string) => void): void;
  /** Has the listener called when it is lost, and when it is there (again). */
  onChange(listener: () => void): void;
}

/** Milliseconds whose commits share one message: a hundred messages a second at most, whatever the load. */
const GATHER_MS = 10;
/** Longest list of types, since a NOTIFY holds 8000 bytes; a longer one is sent as {@link ANY}. */
const LONGEST = 4000;
const ANY = '*';

/**
 * Sends notifications over the first carrier that is up, and receives those of all: processes that lose different
 * carriers still wake one another. A message is `<process>|<type>,<type>`, or `<process>|*`; a process ignores its own,
 * since its readers are awake.
 */
export class LinkedRelay implements NotifierRelay {
  readonly #carriers: readonly Carrier[];
  readonly #process = randomUUID().slice(0, 8);
  readonly #listeners: ((types?: readonly string[]) => void)[] = [];
  readonly #ending = new AbortController();
  /** Types notified and not yet sent. */
  #waiting: Set<string> | undefined;
  #sending: Promise<void> | undefined;

  constructor(carriers: readonly Carrier[]) {
    this.#carriers = carriers;
    for (const carrier of carriers) {
      carrier.hear((message) => this.#hear(message));
      // Notifications sent while it was away were missed: wake all readers.
      carrier.onChange(() => carrier.isUp && this.#tell(undefined));
    }
  }

  get isConnected(): boolean {
    return this.#carriers.some((carrier) => carrier.isUp);
  }

  send(types: readonly string[] = [ANY]): void {
    if (this.#ending.signal.aborted) return;
    this.#waiting ??= new Set();
    for (const type of types) this.#waiting.add(type);
    this.#sending ??= this.#deliver();
  }

  onNotify(listener: (types?: readonly string[]) => void): void {
    this.#listeners.push(listener);
  }

  onChange(listener: () => void): void {
    for (const carrier of this.#carriers) carrier.onChange(listener);
  }

  /** Sends pending notifications, and ends. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#sending;
  }

  /** Sends the first notification at once, and later ones in batches. */
  async #deliver(): Promise<void> {
    await nextTurn();
    while (this.#waiting) {
      const types = [...this.#waiting];
      this.#waiting = undefined;
      await this.#carry(types);
      await sleep(GATHER_MS, this.#ending.signal);
    }
    this.#sending = undefined;
  }

  async #carry(types: readonly string[]): Promise<void> {
    const list = types.includes(ANY) ? ANY : types.join(',');
    const message = `${this.#process}|${list.length > LONGEST ? ANY : list}`;
    for (const carrier of this.#carriers) if (carrier.isUp && (await carrier.send(message))) return;
  }

  #hear(message: string): void {
    const [from, list] = message.split('|', 2);
    if (from === this.#process || !list) return;
    this.#tell(list === ANY ? undefined : list.split(','));
  }

  #tell(types: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(types);
  }
}
