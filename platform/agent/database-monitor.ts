import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { raw } from '../data/raw.ts';
import { sleep } from '../sleep.ts';

/** Whether the database can be used: for everything, for reads alone (a standby), or not. */
export type DatabaseStatus = 'UP' | 'READ_ONLY' | 'DOWN';

/** Health probes of a database. */
export interface DatabaseProbe {
  /** One short statement on a connection of its own, so that a crowd in the pool is not taken for a loss. */
  look(): Promise<{ isReadOnly: boolean }>;
  /** Writes something small that needs disk space and is flushed: {@link WRITE_PROBE}. @default nothing is written */
  write?(): Promise<unknown>;
  /** Has the listener called with errors of the agents' statements. */
  onError?(listener: (error: unknown) => void): void;
  /** Connections of the pool that the agents share. */
  pool(): { total: number; idle: number; waiting: number };
}

/** The database as it was last seen. */
export interface DatabaseState {
  status: DatabaseStatus;
  /** Latency of the last probe that was answered. */
  latencyMs: number | null;
  checkedAt: Date | null;
  lastError: string | null;
  lastCode: string | null;
}

/** Milliseconds between write probes: a few a minute, and more ({@link WRITE_AGAIN_MS}) while writes are refused. */
const WRITE_EVERY_MS = 15_000;
const WRITE_AGAIN_MS = 2000;
/** Timeout of a write probe: a slower commit means a stalled disk, or a synchronous standby that is gone. */
const WRITE_PATIENCE_MS = 5000;

/** Milliseconds between health checks: a loss is noticed within two seconds, the timeout included. */
const EVERY_MS = 750;
/** Timeout of a health check, in milliseconds. */
const PATIENCE_MS = 1000;

/** The statement of a health check. */
export const PROBE = `select pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "isReadOnly"`;

/**
 * The statements of a write probe: a message in the write-ahead log, which commits as an order does, and a temporary
 * file. A row would fit into an existing page while the disk is full. The probe leaves nothing and needs no rights.
 */
export const WRITE_PROBE = `set local work_mem = '64kB'; select count(*) from generate_series(1, 20000);
  select pg_logical_emit_message(true, 'agora', 'can write')`;

/** Error codes that may mean that all writes fail: out of a resource, read-only, or a disk that does not answer. */
const SUSPICIOUS = /^(53|25006|54000|58|XX)/;
/** Error codes of a write probe that say nothing of other writes: it was cut short, forbidden, or lost its connection. */
const PASSING = /^(08|57|40|42|55P03|53400|E)/;

/** Reasons why a database takes no writes, by error code, with the remedy for an operator. */
const REASONS: Record<string, string> = {
  '25006': 'it is read-only: point DATABASE_URL to the primary, or take default_transaction_read_only away',
  '53100': 'its disk is full: make room on it or enlarge it; writes then go on by themselves',
  '53200': 'it is out of memory: give its machine more, or lower work_mem and the number of connections',
  '53300': 'it has no connection left: raise max_connections, or lower DATABASE_POOL or the number of processes',
  '54000': 'it must be vacuumed before it takes writes: run VACUUM in the database that its log names',
  '58030': 'its disk fails: look at its log and at the disk before anything else is written to it',
  DATABASE_GONE:
    'the files of the embedded database are gone: bring them back, as by mounting their disk, and it goes on by itself; the ' +
    'log names the folder',
  POSTGRES_DID_NOT_START: 'the embedded PostgreSQL does not start: the log says why; it is tried again until it does',
  TIMEOUT: 'it does not answer in time: look at its load, its disk and the network to it',
};

/** The reason why a database does not serve, with the remedy; the bare error code where none is known. */
export const reasonOf = ({ lastCode }: Pick<DatabaseState, 'lastCode'>): string | undefined =>
  lastCode === null ? undefined : (REASONS[lastCode] ?? lastCode);

/** Checks the database's health periodically, reads and writes. */
export class DatabaseMonitor {
  readonly #probe: DatabaseProbe;
  readonly #clock: Clock;
  #state: DatabaseState = { status: 'UP', latencyMs: null, checkedAt: null, lastError: null, lastCode: null };
  /** The error of the last write probe, while writes are refused. */
  #refusal: { lastError: string; lastCode: string } | undefined;
  /** Time of the next write probe, by `performance.now()`. */
  #writeAt = 0;
  #slowWrites = 0;
  #writing: Promise<unknown> | undefined;

  constructor(probe: DatabaseProbe, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
    probe.onError?.((error) => {
      if (SUSPICIOUS.test((error as { code?: string }).code ?? '')) this.#writeAt = 0;
    });
  }

  /** The database's state at the last check. */
  get state(): DatabaseState {
    return this.#state;
  }

  /** The agents' connection pool. */
  pool(): { total: number; idle: number; waiting: number } {
    return this.#probe.pool();
  }

  /** Checks once. Never rejects. */
  async look(): Promise<DatabaseState> {
    const begun = performance.now();
    try {
      const { isReadOnly } = await this.#ask();
      const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
      // A write that hangs does not hold up the checks.
      if (!isReadOnly) await withPatience(this.#tryToWrite()).catch(() => {});
      const refusal = isReadOnly ? READ_ONLY : this.#refusal;
      const status = refusal ? 'READ_ONLY' : 'UP';
      this.#state = { ...this.#state, ...refusal, status, latencyMs, checkedAt: this.#clock.now() };
    } catch (error) {
      this.#state = { status: 'DOWN', latencyMs: null, checkedAt: this.#clock.now(), ...wordsOf(error) };
    }
    return this.#state;
  }

  /** Probes a write if one is due, and keeps the reason of its refusal until a write succeeds. Never rejects. */
  async #tryToWrite(): Promise<void> {
    const { write } = this.#probe;
    if (!write || performance.now() < this.#writeAt) return;
    this.#writeAt = performance.now() + WRITE_AGAIN_MS + WRITE_PATIENCE_MS;
    // A write that hung is waited for again: the connection has room for one.
    this.#writing ??= write().finally(() => (this.#writing = undefined));
    try {
      await withPatience(this.#writing, WRITE_PATIENCE_MS);
      this.#refusal = undefined;
      this.#slowWrites = 0;
      this.#writeAt = performance.now() + WRITE_EVERY_MS;
    } catch (error) {
      this.#writeAt = performance.now() + WRITE_AGAIN_MS;
      const words = wordsOf(error);
      // A single late write may be due to a busy machine.
      const isSlow = words.lastCode === 'TIMEOUT';
      if (isSlow ? ++this.#slowWrites > 1 : !PASSING.test(words.lastCode)) this.#refusal = words;
    }
  }

  /** Checks until aborted, and calls `tell` after each check. */
  async run(signal: AbortSignal, tell: (state: DatabaseState) => void): Promise<void> {
    while (!signal.aborted) {
      tell(await this.look());
      await sleep(EVERY_MS, signal);
    }
  }

  /** Retries a fast failure once: the server may have closed an idle connection long ago. A timeout is not retried. */
  async #ask(): Promise<{ isReadOnly: boolean }> {
    const begun = performance.now();
    try {
      return await withPatience(this.#probe.look());
    } catch (error) {
      if (performance.now() - begun > PATIENCE_MS / 2) throw error;
      return withPatience(this.#probe.look());
    }
  }
}

const READ_ONLY = { lastError: 'the database is read-only', lastCode: '25006' };

function wordsOf(error: unknown): { lastError: string; lastCode: string } {
  const { message, code, name } = error as NodeJS.ErrnoException;
  return { lastError: (message || String(code)).slice(0, 500), lastCode: code ?? name };
}

async function withPatience<T>(answer: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(Object.assign(new Error(`no answer in ${patienceMs} ms`), { code: 'TIMEOUT' })),
    patienceMs,
  );
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A probe without a connection of its own, for tests and for hosts with a single pool. */
export const probeOver = (kysely: Kysely<any>): DatabaseProbe => ({
  look: async () => (await raw<{ isReadOnly: boolean }>(kysely, PROBE)).rows[0]!,
  pool: () => ({ total: 0, idle: 0, waiting: 0 }),
});
