import type { Logger } from './log.ts';
import { Fault } from './errors.ts';

/** Cleanup functions for when Agora stops, run in reverse order. It may stop at any time, also while it is starting. */
export class Endings {
  readonly #endings: (() => Promise<unknown>)[] = [];
  readonly #log: Logger;
  #isStopping = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Whether the stop has begun. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Adds a cleanup function. @throws Fault STOPPED if the stop has begun meanwhile: then it is run at once */
  async add(end: () => Promise<unknown>): Promise<void> {
    this.#endings.push(end);
    if (!this.#isStopping) return;
    await this.stop();
    throw new Fault('STOPPED', 'Agora was stopped while it was starting.');
  }

  /** Runs all cleanup functions. Later ones are run as soon as they are added. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (let end = this.#endings.pop(); end; end = this.#endings.pop()) {
      await end().catch((error: unknown) => this.#log.warn({ err: error }, 'did not stop cleanly'));
    }
  }
}
