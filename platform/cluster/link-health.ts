import type { DependencyHealth } from '../agent/health.ts';
import type { Logger } from '../log.ts';

/** A connection's name, and its log messages for when it is lost and when it is back. */
export interface LinkStory {
  name: string;
  lost: string;
  back: string;
}

/** Health of a connection, as a dependency; each change is logged once. */
export class LinkHealth {
  readonly #story: LinkStory;
  readonly #log: Logger;
  readonly #listeners: (() => void)[] = [];
  #now: DependencyHealth;

  constructor(story: LinkStory, log: Logger) {
    this.#story = story;
    this.#log = log;
    this.#now = {
      name: story.name,
      status: 'UNKNOWN',
      latencyMs: null,
      breaker: null,
      lastError: null,
      lastCode: null,
    };
  }

  /** Health at the last check. */
  get now(): DependencyHealth {
    return this.#now;
  }

  /** Has the listener called when the connection is lost, and when it is there (again). */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Notes an answer, with its latency. */
  answered(milliseconds: number): void {
    this.#became({ ...this.#now, status: 'UP', latencyMs: Math.round(milliseconds * 10) / 10 });
  }

  /** Notes a failure. */
  failed(error: unknown): void {
    const { message, code, name } = error as NodeJS.ErrnoException;
    const [lastError, lastCode] = [(message || String(code)).slice(0, 500), code ?? name];
    this.#became({ ...this.#now, status: 'DOWN', latencyMs: null, lastError, lastCode });
  }

  #became(health: DependencyHealth): void {
    const before = this.#now.status;
    this.#now = health;
    if (before === health.status) return;
    const { lastCode, lastError } = health;
    if (health.status === 'DOWN') this.#log.warn({ lastCode, lastError }, this.#story.lost);
    else if (before === 'DOWN') this.#log.info({}, this.#story.back);
    for (const listener of this.#listeners) listener();
  }
}
