/**
 * Detects the end of outages: an agent, a provider or a database is away, and comes back for all sagas at once. When a
 * step that failed with a transient error works again, in any saga, the sagas that wait at that step are woken. So
 * after an outage of an hour none waits for another half by its backoff.
 */
export class Outages {
  readonly #steps = new Set<string>();
  readonly #wake: (saga: string, step: string) => Promise<void>;

  /** @param wake wakes the sagas of this name that wait at this step */
  constructor(wake: (saga: string, step: string) => Promise<void>) {
    this.#wake = wake;
  }

  failed(saga: string, step: string): void {
    this.#steps.add(`${saga}:${step}`);
  }

  /** Wakes waiting sagas if this step had failed; costs nothing without an outage. */
  async worked(saga: string, step: string): Promise<void> {
    if (this.#steps.delete(`${saga}:${step}`)) await this.#wake(saga, step).catch(() => {});
  }
}
