import type { Logger } from '../../platform/log.ts';
import type { RefusedPart } from './fit.ts';

/** State of the composition, for operators. */
export interface CompositionState {
  /** `REFUSED`: an agent's part does not fit, and its former part serves. `FAILED`: composition could not be run. */
  status: 'CURRENT' | 'REFUSED' | 'FAILED';
  /** Since when this status holds. */
  since: Date;
  refused: (RefusedPart & { since: Date })[];
  /** Why composition could not be run. */
  reason: string | null;
}

/** Remembers how the last composition ended, and logs it once. */
export class CompositionRecord {
  readonly #log: Pick<Logger, 'error'>;
  #state: CompositionState = { status: 'CURRENT', since: new Date(), refused: [], reason: null };

  constructor(log: Pick<Logger, 'error'>) {
    this.#log = log;
  }

  get state(): CompositionState {
    return this.#state;
  }

  /** Records that composition was run, and refused these parts. */
  settled(parts: readonly RefusedPart[]): void {
    const refused = parts.map((part) => {
      const before = this.#state.refused.find(({ agent, reason }) => agent === part.agent && reason === part.reason);
      if (!before) this.#log.error(part, 'the part of an agent was refused: what it had before serves on');
      return before ?? { ...part, since: new Date() };
    });
    this.#is({ status: refused.length > 0 ? 'REFUSED' : 'CURRENT', refused, reason: null });
  }

  /** Records that composition could not be run, or that its result could not be served. */
  failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#state.reason !== reason)
      this.#log.error({ err: error }, 'the graph cannot be composed: it serves on as it is');
    this.#is({ ...this.#state, status: 'FAILED', reason });
  }

  #is(state: Omit<CompositionState, 'since'>): void {
    const since = state.status === this.#state.status ? this.#state.since : new Date();
    this.#state = { ...state, since };
  }
}
