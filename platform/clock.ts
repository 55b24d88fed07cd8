/**
 * An injected clock: rules and use cases never ask the operating system, so that a test (or a chaos run that jumps the
 * clock) sets the time.
 */
export interface Clock {
  /** The current instant. */
  now(): Date;
}

/** The operating system's clock. */
export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until it is moved. For tests. */
export class FixedClock implements Clock {
  #now: Date;

  constructor(now: Date | string = '2026-01-01T00:00:00Z') {
    this.#now = new Date(now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Moves the clock by this many milliseconds, backwards if negative. */
  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}
