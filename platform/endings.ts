import type { Logger } from './log.ts';
import { Fault } from './errors.ts';

/** What must be ended when Agora stops: the last begun first. It may stop at any time, also while it is starting. */
export class Endings {
  readonly #endings: (() => Promise<unknown>)[] = [];
  readonly #log: Logger;
  #isStopping = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Whether the end has begun. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Something was begun. @throws Fault STOPPED if the end has begun meanwhile: then it is ended at once */
  async add(end: () => Promise<unknown>): Promise<void> {
    this.#endings.push(end);
    if (!this.#isStopping) return;
    await this.stop();
    throw new Fault('STOPPED', 'Agora was stopped while it was starting.');
  }

  /** Ends what was begun. What begins later is ended as soon as it is added. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (let end = this.#endings.pop(); end; end = this.#endings.pop()) {
      await end().catch((error: unknown) => this.#log.warn({ err: error }, 'did not stop cleanly'));
    }
  }
}
