import { afterLostRace } from '../data/retry.ts';
import { isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { AgentDefinition } from './define-agent.ts';
import type { AgentHealth } from './health.ts';
import { recordChanges, type StatusChange, type Writer } from './registry.ts';

/** Options of the status writer. */
export interface StatusWriterOptions extends Writer {
  log: Logger;
  healthOf(agent: string): AgentHealth;
  /** Called when changes have been written and published. */
  onWritten(): void;
}

/** Limit of the changes queued for the database, per agent: the oldest are dropped. */
const MAX_WAITING = 100;

/**
 * Records status changes of agents. While the database is away the changes are queued, and written and published in
 * order when it is back.
 */
export class StatusWriter {
  readonly #o: StatusWriterOptions;
  readonly #waiting = new Map<AgentDefinition, StatusChange[]>();

  constructor(options: StatusWriterOptions) {
    this.#o = options;
  }

  /** Queues a change for the next `write`. */
  note(agent: AgentDefinition, change: StatusChange): void {
    const changes = this.#waiting.get(agent) ?? [];
    changes.push(change);
    if (changes.length > MAX_WAITING) changes.shift();
    this.#waiting.set(agent, changes);
  }

  /** Whether the queue is empty. */
  get isUpToDate(): boolean {
    return this.#waiting.size === 0;
  }

  /** Writes queued changes, also those that come meanwhile. @throws the database's error; the rest stays queued */
  async write(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      const [agent, changes] = next;
      const taken = changes.slice();
      try {
        await afterLostRace.execute(() => recordChanges(this.#o, agent, taken, this.#o.healthOf(agent.name)));
      } catch (error) {
        if (isTransient(error)) throw error;
        // A permanent error: these changes would block the later ones for ever.
        this.#o.log.error({ err: error, agent: agent.name }, 'changes of an agent cannot be recorded');
      }
      // By identity, since the list may have lost its oldest meanwhile.
      const left = changes.filter((change) => !taken.includes(change));
      if (left.length === 0) this.#waiting.delete(agent);
      else this.#waiting.set(agent, left);
      this.#o.onWritten();
    }
  }

  #next(): [AgentDefinition, StatusChange[]] | undefined {
    return this.#waiting.entries().next().value;
  }
}
