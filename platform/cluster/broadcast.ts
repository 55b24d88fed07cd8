import type { Logger } from '../log.ts';

/** The longest message of a broadcast, in UTF-16 code units: what is longer is no hint, and belongs into the log. */
export const MAX_MESSAGE = 8192;

/**
 * Tells something to every process that listens, at most once: whoever was away has missed it. So it is only ever a
 * hint to look at what decides, as the event log, sooner than one would have.
 */
export interface Broadcast {
  /**
   * Tells this process too. False if it could not be handed over; true says nothing of who heard it. Never rejects, but
   * for a message that is too long. @throws RangeError above {@link MAX_MESSAGE}
   */
  publish(channel: string, message: string): Promise<boolean>;
  /** Listens from now on. What the listener throws is logged. Call what is returned to stop. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
}

/** Who listens to which channel, in this process. */
export class Listeners {
  readonly #channels = new Map<string, Set<(message: string) => void>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** True if nobody listened to it before. */
  add(channel: string, listener: (message: string) => void): boolean {
    const listeners = this.#channels.get(channel);
    if (listeners) return (listeners.add(listener), false);
    this.#channels.set(channel, new Set([listener]));
    return true;
  }

  /** True if nobody listens to it any more, and somebody did. */
  remove(channel: string, listener: (message: string) => void): boolean {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return false;
    return this.#channels.delete(channel);
  }

  /** Tells whoever listens now. */
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

/** @throws RangeError for a message that is too long to be a hint */
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
    // Never in the call of the one who tells: with Redis it is not either.
    setImmediate(() => this.#listeners.tell(channel, message));
    return true;
  }

  subscribe(channel: string, listener: (message: string) => void): () => void {
    // The same function given twice is two listeners.
    const own = (message: string): void => listener(message);
    this.#listeners.add(channel, own);
    return () => void this.#listeners.remove(channel, own);
  }
}
