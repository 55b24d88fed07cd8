/** A position in a server's write-ahead log. Comparable only within one database system. */
export interface Place {
  /** PostgreSQL's `system_identifier`, which a standby shares with its primary. */
  system: string;
  /** Bytes from the log's beginning. */
  position: bigint;
}

interface Step {
  at: number;
  position: bigint;
}

/** Limit of kept steps while a standby stands still: beyond it the lag becomes coarser, but never too small. */
const MAX_STEPS = 1000;

/**
 * Replay lag of a standby, without a comparison of clocks: we note the primary's positions with their times, and the
 * standby's replayed position tells which of these times it has reached. An idle primary keeps its position, so that is
 * no lag; `pg_last_xact_replay_timestamp()` alone would call it one. All times are those of our own monotonic clock, in
 * milliseconds.
 */
export class ReplayLag {
  #system = '';
  /** The first is the step that the standby has reached, or the oldest one if it has reached none. */
  #steps: Step[] = [];
  #replayed: bigint | undefined;
  /** Whether the primary was seen at or after the standby's earlier position: then they share one history. */
  #isProven = false;
  /** The standby's position when it was ahead of its primary. While it stands there it is not trusted. */
  #strange: bigint | undefined;

  /**
   * Notes the primary's position with the time before it was asked. A primary behind its earlier position, or behind
   * the standby's, is another one (after a failover, or restored from a backup): then all earlier knowledge is dropped.
   */
  primary(at: number, { system, position }: Place): void {
    const isAhead = position < (this.#replayed ?? 0n);
    if (isAhead) this.#strange = this.#replayed;
    if (isAhead || system !== this.#system || position < (this.#steps.at(-1)?.position ?? 0n)) this.#forget(system);
    else this.#isProven = this.#replayed !== undefined;
    this.#steps.push({ at, position });
    if (this.#steps.length > MAX_STEPS) this.#steps.splice(1, 1);
  }

  /** Notes the standby's replayed position. */
  standby(position: bigint): void {
    if (position === this.#strange) return;
    this.#strange = undefined;
    this.#replayed = position;
    while (this.#steps[1] && this.#steps[1].position <= position) this.#steps.shift();
  }

  /** System identifier of the primary. */
  get system(): string {
    return this.#system;
  }

  /** Time by which the standby shows everything that was committed; undefined while unknown. */
  get asOf(): number | undefined {
    const [first] = this.#steps;
    const isReached = first && this.#replayed !== undefined && first.position <= this.#replayed;
    return this.#isProven && isReached ? first.at : undefined;
  }

  /** Time of the oldest known step. */
  get since(): number | undefined {
    return this.#steps[0]?.at;
  }

  #forget(system: string): void {
    this.#system = system;
    this.#steps = [];
    this.#replayed = undefined;
    this.#isProven = false;
  }
}
