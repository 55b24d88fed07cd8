import type { DependencyHealth } from '../agent/health.ts';
import type { Logger } from '../log.ts';

/** What a connection is called, and what is logged when it is lost and when it is back. */
export interface LinkStory {
  name: string;
  lost: string;
  back: string;
}

/** How a connection is, as a dependency; its changes are logged once each. */
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

  /** As it was last seen. */
  get now(): DependencyHealth {
    return this.#now;
  }

  /** Told when it is lost, and when it is there (again). */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** It has answered, in so many milliseconds. */
  answered(milliseconds: number): void {
    this.#became({ ...this.#now, status: 'UP', latencyMs: Math.round(milliseconds * 10) / 10 });
  }

  /** It has not. */
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
