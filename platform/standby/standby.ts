/** A hot standby as a read replica, whose health and replay lag are checked every second. */
import type { DependencyHealth } from '../agent/health.ts';
import { LinkHealth } from '../cluster/link-health.ts';
import { Fault } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { type Place, ReplayLag } from './replay-lag.ts';

/** Probes of a standby and its primary, each over a connection of its own. */
export interface StandbyProbe {
  /** Position of the primary. Rejects while it is away, or is no primary. */
  primary(): Promise<Place>;
  /** Replayed position of the standby, or null if it is none: it was promoted, or never was one. */
  standby(): Promise<Place | null>;
  /** Closes all connections to the standby, or the probe's to the primary, so that pending statements fail. */
  cut(server: 'primary' | 'standby'): void;
}

/** The statement of a probe of the primary. Every acknowledged commit lies before its position. */
export const PRIMARY_PROBE = `select pg_current_wal_flush_lsn() - '0/0' as position, system_identifier as system from pg_control_system()`;

/** The statement of a probe of the standby. */
export const STANDBY_PROBE = `select pg_last_wal_replay_lsn() - '0/0' as position, system_identifier as system
   from pg_control_system() where pg_is_in_recovery()`;

/** Limits beyond which a standby is not read from. */
export interface StandbyLimits {
  /** Largest lag, in milliseconds. */
  maxLagMs: number;
  /** Timeout of a probe, in milliseconds. */
  patienceMs: number;
}

/** The limits in production. */
export const STANDBY_LIMITS: StandbyLimits = { maxLagMs: 5000, patienceMs: 1000 };
/** Milliseconds between checks. */
const EVERY_MS = 1000;

/** A standby of the database. */
export class Standby {
  readonly #probe: StandbyProbe;
  readonly #lag = new ReplayLag();
  readonly #link: LinkHealth;
  readonly #limits: StandbyLimits;
  /** Its fault, other than lag. */
  #fault: Error | undefined = new Error('It was not looked at yet.');

  constructor(probe: StandbyProbe, log: Logger, limits = STANDBY_LIMITS) {
    this.#probe = probe;
    this.#limits = limits;
    const lost = 'the standby is not read from: all reads go to the primary';
    this.#link = new LinkHealth({ name: 'standby', lost, back: 'the standby is read from again' }, log);
  }

  /** Whether it answers, and its lag is within the limit. */
  get isUsable(): boolean {
    const { asOf } = this.#lag;
    return this.#fault === undefined && asOf !== undefined && performance.now() - asOf <= this.#limits.maxLagMs;
  }

  /** Its largest possible lag, in milliseconds; the least possible while it has reached no known step. */
  get lagMs(): number | undefined {
    const at = this.#lag.asOf ?? this.#lag.since;
    return at === undefined ? undefined : performance.now() - at;
  }

  /** Its health at the last check. DOWN means that it is not read from. */
  get health(): DependencyHealth {
    return this.#link.now;
  }

  /** Has the listener called when reads begin to go there, and when they cease. */
  onChange(listener: () => void): void {
    this.#link.onChange(listener);
  }

  /** Checks once. Never rejects. */
  async look(): Promise<void> {
    const at = performance.now();
    // A primary without an answer does not count against the standby, which is used until it may be too old.
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

  /** Checks until aborted. */
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
      // Timers run before I/O: let answers that arrived while this process was busy be read first.
      timer = setTimeout(() => setImmediate(tooLate), patienceMs);
    });
    answer.catch(() => {}); // It may reject after the timeout.
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes the standby's answer, and returns its fault, if there is one. */
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
    // Its lag is known after a check or two: that is no loss to report, unless it was in use.
    else if (this.health.status === 'UP') this.#link.failed(new Fault('UNSURE', 'Its primary is another than it was.'));
  }
}

const behind = (ms: number): Fault => new Fault('BEHIND', `What it shows may be ${Math.round(ms / 1000)} s old.`);
