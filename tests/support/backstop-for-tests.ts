import { sleep } from '../../platform/sleep.ts';
import { Backstop, type Waiting } from '../../platform/consumers/backstop.ts';
import { silentLogger } from '../../platform/log.ts';

/** A backstop that wakes consumers often and without asking, so that no test waits for the two seconds of a real one. */
export class BackstopForTests extends Backstop {
  readonly #waiting = new Set<Waiting>();

  constructor() {
    super(silentLogger);
  }

  override join(consumer: Waiting): () => void {
    this.#waiting.add(consumer);
    return () => void this.#waiting.delete(consumer);
  }

  override async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(100, signal);
      for (const consumer of this.#waiting) consumer.wake();
    }
  }
}
