/** A hot standby as a place to read from: whether it may be read from now, which is looked at every second. */
import type { DependencyHealth } from '../agent/health.ts';
import { LinkHealth } from '../cluster/link-health.ts';
import { Fault } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { type Place, ReplayLag } from './replay-lag.ts';

/** How a standby and its primary are looked at, each over a connection of its own. */
export interface StandbyProbe {
  /** Where the primary is. Rejects while it is away, or is no primary. */
  primary(): Promise<Place>;
  /** How far the standby is, or null when it is none: it was promoted, or never was one. */
  standby(): Promise<Place | null>;
  /** Breaks off all connections to one of them (of the primary's, the probe's alone), so that what waits on them fails. */
  cut(server: 'primary' | 'standby'): void;
}

/** The statement of a probe of the primary. What anybody has been told to be committed lies before this. */
export const PRIMARY_PROBE = `select pg_current_wal_flush_lsn() - '0/0' as position, system_identifier as system from pg_control_system()`;

/** The statement of a probe of the standby. */
export const STANDBY_PROBE = `select pg_last_wal_replay_lsn() - '0/0' as position, system_identifier as system
   from pg_control_system() where pg_is_in_recovery()`;

/** When a standby is not read from. */
export interface StandbyLimits {
  /** The oldest that anybody may see, in milliseconds. */
  maxLagMs: number;
  /** Who does not answer in so many milliseconds is away. */
  patienceMs: number;
}

/** What holds outside of tests. */
export const STANDBY_LIMITS: StandbyLimits = { maxLagMs: 5000, patienceMs: 1000 };
/** Milliseconds between looks. */
const EVERY_MS = 1000;

/** One standby of the database. */
export class Standby {
  readonly #probe: StandbyProbe;
  readonly #lag = new ReplayLag();
  readonly #link: LinkHealth;
  readonly #limits: StandbyLimits;
  /** What is wrong with it beside its age. */
  #fault: Error | undefined = new Error('It was not looked at yet.');

  constructor(probe: StandbyProbe, log: Logger, limits = STANDBY_LIMITS) {
    this.#probe = probe;
    this.#limits = limits;
    const lost = 'the standby is not read from: all reads go to the primary';
    this.#link = new LinkHealth({ name: 'standby', lost, back: 'the standby is read from again' }, log);
  }

  /** Whether it answers, and what it shows is not too old. */
  get isUsable(): boolean {
    const { asOf } = this.#lag;
    return this.#fault === undefined && asOf !== undefined && performance.now() - asOf <= this.#limits.maxLagMs;
  }

  /** How old what it shows may be at most, in milliseconds; while it has not reached what we know of, at least. */
  get lagMs(): number | undefined {
    const at = this.#lag.asOf ?? this.#lag.since;
    return at === undefined ? undefined : performance.now() - at;
  }

  /** As it was last seen. DOWN is: not read from. */
  get health(): DependencyHealth {
    return this.#link.now;
  }

  /** Told when reads begin to go there, and when they end to. */
  onChange(listener: () => void): void {
    this.#link.onChange(listener);
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    const at = performance.now();
    // A primary that does not answer says nothing about the standby, which goes out of use when it may be too old.
    await this.#inTime(this.#probe.primary()).then(
      (place) => this.#lag.primary(at, place),
      () => this.#probe.cut('primary'),
    );
    const begun = performance.now();
    this.#fault = await this.#inTime(this.#probe.standby()).then(
      (place) => this.#read(place),
      (error: Error) => {
        this.#probe.cut('standby');
        return error;
      },
    );
    this.#tell(performance.now() - begun);
  }

  /** Looks until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await sleep(EVERY_MS, signal);
    }
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { patienceMs } = this.#limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const tooLate = (): void => reject(new Fault('TIMEOUT', `No answer in ${patienceMs} ms.`));
      // Not before what came while this process was busy is read: timers come before that.
      timer = setTimeout(() => setImmediate(tooLate), patienceMs);
    });
    answer.catch(() => {}); // It may fail when nobody waits for it any more.
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @returns what is wrong */
  #read(place: Place | null): Error | undefined {
    if (!place) return new Fault('NOT_A_STANDBY', 'The server at DATABASE_REPLICA_URL is no standby.');
    const { system, since } = this.#lag;
    if (since !== undefined && place.system !== system)
      return new Fault('OTHER_DATABASE', 'The server at DATABASE_REPLICA_URL is no standby of this database.');
    this.#lag.standby(place.position);
    return undefined;
  }

  #tell(latencyMs: number): void {
    if (this.isUsable) return this.#link.answered(latencyMs);
    const lagMs = this.lagMs ?? Infinity;
    const fault = this.#fault ?? (lagMs > this.#limits.maxLagMs ? behind(lagMs) : undefined);
    if (fault) this.#link.failed(fault);
    // After a look or two it will be known: no loss to tell of, unless it was in use.
    else if (this.health.status === 'UP') this.#link.failed(new Fault('UNSURE', 'Its primary is another than it was.'));
  }
}

const behind = (ms: number): Fault => new Fault('BEHIND', `What it shows may be ${Math.round(ms / 1000)} s old.`);
