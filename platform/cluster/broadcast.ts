import type { Logger } from '../log.ts';

/**
 * The longest message of a broadcast, in UTF-16 code units: a longer one is no hint, and belongs into the event log.
 */
export const MAX_MESSAGE = 8192;

/**
 * Publishes messages to every process that listens, at most once: an absent process misses them. So a message is only a
 * hint to read the source of truth, such as the event log, sooner than otherwise.
 */
export interface Broadcast {
  /**
   * Publishes a message, to this process too. Returns false if it could not be handed over; true does not mean that any
   * listener got it. Never rejects, but for a message that is too long. @throws RangeError above {@link MAX_MESSAGE}
   */
  publish(channel: string, message: string): Promise<boolean>;
  /** Listens from now on. Errors of the listener are logged. Returns the function that ends it. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
}

/** The listeners of each channel in this process. */
export class Listeners {
  readonly #channels = new Map<string, Set<(message: string) => void>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a listener; true if it is the first of its channel. */
  add(channel: string, listener: (message: string) => void): boolean {
    const listeners = this.#channels.get(channel);
    if (listeners) return (listeners.add(listener), false);
    this.#channels.set(channel, new Set([listener]));
    return true;
  }

  /** Removes a listener; true if it was the last of its channel. */
  remove(channel: string, listener: (message: string) => void): boolean {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return false;
    return this.#channels.delete(channel);
  }

  /** Passes a message to the current listeners. */
  tell(channel: string, message: string): void {
    for (const listener of this.#channels.get(channel) ?? []) {
      try {
        listener(message);
      } catch (error) {
        this.#log.error({ err: error, channel }, 'a listener failed');
      }
    }
  }
}

/** Checks the length of a message. @throws RangeError above {@link MAX_MESSAGE} */
export function checkMessage(channel: string, message: string): void {
  if (message.length > MAX_MESSAGE)
    throw new RangeError(`A message on ${channel} has ${message.length} characters, more than ${MAX_MESSAGE}.`);
}

/** The broadcast of one process to itself. */
export class LocalBroadcast implements Broadcast {
  readonly #listeners: Listeners;

  constructor(log: Logger) {
    this.#listeners = new Listeners(log);
  }

  async publish(channel: string, message: string): Promise<boolean> {
    checkMessage(channel, message);
    // Asynchronously, as with Redis.
    setImmediate(() => this.#listeners.tell(channel, message));
    return true;
  }

  subscribe(channel: string, listener: (message: string) => void): () => void {
    // Wrapped, so that the same function given twice is two listeners.
    const own = (message: string): void => listener(message);
    this.#listeners.add(channel, own);
    return () => void this.#listeners.remove(channel, own);
  }
}
