/** The embedded database's backups on a schedule, and how they fare: a dependency of Agora, whose loss is seen. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Kysely } from 'kysely';
import type { DependencyHealth, SharedDependency } from '../../platform/agent/health.ts';
import { walArchive } from '../../platform/agent/wal-archive.ts';
import type { Config } from '../../platform/config/config.ts';
import { AgoraError, Fault } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { sleep } from '../../platform/sleep.ts';
import { collectAtScrape } from '../../platform/telemetry/collectors.ts';
import { WAL, type BaseBackup, baseBackupsIn } from '../archive.ts';
import { backUp, type BackupSource, keysOf } from './backups.ts';

/** Options of scheduled backups. */
export interface ScheduleOptions extends Omit<BackupSource, 'config' | 'signal'> {
  config: BackupSource['config'] & Pick<Config, 'BACKUP_HOURS'>;
  /** Connections of the platform's own, for the look at PostgreSQL's archiving. */
  kysely: Kysely<any>;
  log: Logger;
  /** Milliseconds between looks. @default 15 seconds */
  lookMs?: number;
  /** Milliseconds until a backup that failed is tried again. @default 10 minutes */
  retryMs?: number;
}

const LOOK_MS = 15_000;
const RETRY_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Name of the dependency, at `/health/backup`. */
const NAME = 'backup';

/** Takes base backups when they are due, from `run` until its signal aborts. */
export class ScheduledBackups implements SharedDependency {
  /** The agent whose health tells of it: upkeep is its own, and without a backup it works on. */
  readonly agents = ['orchestration'];
  readonly #o: ScheduleOptions;
  readonly #archive: string;
  readonly #listeners: (() => void)[] = [];
  #newest: BaseBackup | undefined;
  #failedAt = -Infinity;
  #failure: AgoraError | undefined;
  #problem: AgoraError | undefined;
  #isKnown = false;

  /** @throws {Fault} `NOT_ARCHIVED` for a server that does not archive */
  constructor(options: ScheduleOptions) {
    if (!options.server.archive) throw new Fault('NOT_ARCHIVED', 'This database does not archive its log.');
    this.#o = options;
    this.#archive = options.server.archive;
  }

  get health(): DependencyHealth {
    const problem = this.#problem;
    const status = problem ? 'DOWN' : this.#isKnown ? 'UP' : 'UNKNOWN';
    const [lastError, lastCode] = [problem?.message ?? null, problem?.code ?? null];
    return { name: NAME, status, latencyMs: null, breaker: null, lastError, lastCode };
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks, and takes a backup when one is due, until aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const stopMeasuring = collectAtScrape({
      name: 'backups',
      gauges: ['agora_backup_age_seconds'],
      collect: () => [{ name: 'agora_backup_age_seconds', labels: {}, value: this.#ageMs() / 1000 }],
    });
    while (!signal.aborted) {
      await this.look(signal);
      await sleep(this.#o.lookMs ?? LOOK_MS, signal);
    }
    stopMeasuring();
  }

  /** One look. Never rejects. */
  async look(signal: AbortSignal): Promise<void> {
    const wasDown = Boolean(this.#problem);
    try {
      if (!existsSync(this.#archive))
        throw new Fault('ARCHIVE_GONE', `${this.#archive} is not there: mount its disk, or put it back.`);
      this.#newest = baseBackupsIn(this.#archive).at(-1);
      // One that was asked for by hand is as good.
      if (this.#newest && this.#newest.endedAt.getTime() > this.#failedAt) this.#failure = undefined;
      if (this.#isDue() && !(await this.#backUp(signal))) return;
      this.#problem = (await this.#archiving()) ?? this.#failure ?? this.#overdue();
    } catch (error) {
      this.#problem = asFault(error);
    }
    if (signal.aborted) return;
    this.#isKnown = true;
    if (wasDown === Boolean(this.#problem)) return;
    if (this.#problem) this.#o.log.error({ err: this.#problem }, 'the database is not backed up');
    else this.#o.log.info('the database is backed up again');
    for (const listener of this.#listeners) listener();
  }

  /** Takes a backup. False when another one, asked for by hand, is under way: it is as good. */
  async #backUp(signal: AbortSignal): Promise<boolean> {
    try {
      this.#newest = await backUp({ ...this.#o, signal });
      this.#failure = undefined;
      this.#o.log.info({ backup: this.#newest.folder }, 'the database was backed up');
    } catch (error) {
      if ((error as AgoraError).code === 'BACKUP_RUNNING') return false;
      this.#failedAt = this.#now();
      this.#failure = asFault(error);
    }
    return true;
  }

  #isDue(): boolean {
    if (this.#now() - this.#failedAt < (this.#o.retryMs ?? RETRY_MS)) return false;
    return !this.#newest || this.#ageMs() >= this.#o.config.BACKUP_HOURS * HOUR_MS || this.#hasOtherKeys(this.#newest);
  }

  /** A restore would put back keys that the database is not used with any more. */
  #hasOtherKeys({ folder }: BaseBackup): boolean {
    const keys = keysOf(this.#o.config.AGORA_DATA);
    const kept = keysOf(join(folder, 'keys'));
    return String(keys.map(contents)) !== String(kept.map(contents));
  }

  async #archiving(): Promise<Fault | undefined> {
    const state = await walArchive(this.#o.kysely);
    if (!state?.isFailing) return undefined;
    return new Fault(
      'WAL_NOT_ARCHIVED',
      `PostgreSQL fails to archive ${state.failedSegment} to ${join(this.#archive, WAL)}, and keeps its log until it ` +
        'succeeds: make room there, or mend what the end of postgres.log names. When its own disk is full, the shop stops.',
    );
  }

  #overdue(): Fault | undefined {
    return this.#ageMs() < 2 * this.#o.config.BACKUP_HOURS * HOUR_MS
      ? undefined
      : new Fault('BACKUP_OVERDUE', 'There is no base backup that is younger than twice BACKUP_HOURS.');
  }

  #ageMs(): number {
    return this.#newest ? this.#now() - this.#newest.endedAt.getTime() : Infinity;
  }

  #now(): number {
    return this.#o.clock.now().getTime();
  }
}

const contents = (path: string): string => `${basename(path)}:${readFileSync(path, 'base64')}`;

const asFault = (error: unknown): AgoraError =>
  error instanceof AgoraError ? error : new Fault('BACKUP_FAILED', (error as Error).message, { cause: error });
