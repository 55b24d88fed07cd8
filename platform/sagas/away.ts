/**
 * Which steps failed for something that passes for all at once: an agent, a provider or a database that is away. When one
 * of them works again, in whichever saga, what is away has come back, and the sagas that wait for it are woken. So after
 * an outage of an hour nobody waits for another half.
 */
export class Away {
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
