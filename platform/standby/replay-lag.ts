/** A place in a server's write-ahead log. Comparable only within one database system. */
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

/** Steps kept of a standby that stands still: then those in the middle go, and its lag is told coarser, never too small. */
const MAX_STEPS = 1000;

/**
 * How old what a standby shows may be, without a comparison of clocks: we note when the primary was where, and what the
 * standby has replayed says which of these moments it has reached. A primary where nothing happens stays where it is,
 * so that is no lag; `pg_last_xact_replay_timestamp()` alone would call it one. All times are those of our own
 * monotonic clock, in milliseconds.
 */
export class ReplayLag {
  #system = '';
  /** The first is the moment that the standby has reached, or if it has not reached any, the oldest that is known. */
  #steps: Step[] = [];
  #replayed: bigint | undefined;
  /** The primary was seen at or behind what the standby had replayed before: they have one history. */
  #isProven = false;
  /** Where the standby stood when it was ahead of its primary. As long as it stands there it is believed nothing. */
  #strange: bigint | undefined;

  /**
   * The primary was here, or further, at this time: read before it was asked. A primary that is behind where it was, or
   * behind what the standby has replayed, is another one (a standby took its place, or a backup): then nothing holds
   * that was known.
   */
  primary(at: number, { system, position }: Place): void {
    const isAhead = position < (this.#replayed ?? 0n);
    if (isAhead) this.#strange = this.#replayed;
    if (isAhead || system !== this.#system || position < (this.#steps.at(-1)?.position ?? 0n)) this.#forget(system);
    else this.#isProven = this.#replayed !== undefined;
    this.#steps.push({ at, position });
    if (this.#steps.length > MAX_STEPS) this.#steps.splice(1, 1);
  }

  /** The standby has replayed so far. */
  standby(position: bigint): void {
    if (position === this.#strange) return;
    this.#strange = undefined;
    this.#replayed = position;
    while (this.#steps[1] && this.#steps[1].position <= position) this.#steps.shift();
  }

  /** Of what system the primary is. */
  get system(): string {
    return this.#system;
  }

  /** The standby shows everything that was committed by this time. Undefined while that is not known of any. */
  get asOf(): number | undefined {
    const [first] = this.#steps;
    const isReached = first && this.#replayed !== undefined && first.position <= this.#replayed;
    return this.#isProven && isReached ? first.at : undefined;
  }

  /** The oldest moment that is known. */
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
