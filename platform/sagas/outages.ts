/**
 * Outages as the steps of sagas meet them: an agent, a provider or a database is away, which passes for all at once. When
 * a step that failed for one works again, in whichever saga, the outage is over, and the sagas that wait at that step are
 * woken. So after an outage of an hour nobody waits for another half.
 */
export class Outages {
  readonly #steps = new Set<string>();
  readonly #wake: (saga: string, step: string) => Promise<void>;

  /** @param wake has those go on that wait at this step of the sagas of this name */
  constructor(wake: (saga: string, step: string) => Promise<void>) {
    this.#wake = wake;
  }

  failed(saga: string, step: string): void {
    this.#steps.add(`${saga}:${step}`);
  }

  /** Costs nothing while nothing is away. */
  async worked(saga: string, step: string): Promise<void> {
    if (this.#steps.delete(`${saga}:${step}`)) await this.#wake(saga, step).catch(() => {});
  }
}
