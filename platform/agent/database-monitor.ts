import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { raw } from '../data/raw.ts';
import { sleep } from '../sleep.ts';

/** Whether the database can be used: for everything, for reads alone (a standby), or not. */
export type DatabaseStatus = 'UP' | 'READ_ONLY' | 'DOWN';

/** How the database is looked at. */
export interface DatabaseProbe {
  /** One short statement on a connection of its own, so that a crowd in the pool is not taken for a loss. */
  look(): Promise<{ isReadOnly: boolean }>;
  /** Writes something small that takes room on the disk and is flushed: {@link WRITE_PROBE}. @default nothing is written */
  write?(): Promise<unknown>;
  /** Tells of statements of the agents that failed. */
  onError?(listener: (error: unknown) => void): void;
  /** Connections of the pool that the agents share. */
  pool(): { total: number; idle: number; waiting: number };
}

/** The database as it was last seen. */
export interface DatabaseState {
  status: DatabaseStatus;
  /** Of the last probe that was answered. */
  latencyMs: number | null;
  checkedAt: Date | null;
  lastError: string | null;
  lastCode: string | null;
}

/** How often it is tried whether it takes writes, in milliseconds: a few times a minute, and more often while it takes none. */
const WRITE_EVERY_MS = 15_000;
const WRITE_AGAIN_MS = 2000;
/** A commit that takes longer than this serves nobody: a disk that stalls, a standby that must confirm and is gone. */
const WRITE_PATIENCE_MS = 5000;

/** Milliseconds between looks: what is lost is noticed within two seconds, patience included. */
const EVERY_MS = 750;
/** A server that takes longer than this for nothing serves nobody. Milliseconds. */
const PATIENCE_MS = 1000;

/** The statement of a probe. */
export const PROBE = `select pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "isReadOnly"`;

/**
 * The statements of a write: a message in PostgreSQL's log, which commits as an order does, and a temporary file. Not a row, since
 * it would find room in a page that there is while the disk is full. It leaves nothing, and needs no rights.
 */
export const WRITE_PROBE = `set local work_mem = '64kB'; select count(*) from generate_series(1, 20000);
  select pg_logical_emit_message(true, 'agora', 'can write')`;

/** What PostgreSQL says when it may be that nobody can write: out of a resource, read-only, or its disk does not answer. */
const SUSPICIOUS = /^(53|25006|54000|58|XX)/;
/** What says nothing of writes in general: the probe was cut short, or may not do this. Connections are the look's matter. */
const PASSING = /^(08|57|40|42|55P03|53400|E)/;

/** What keeps a database from taking writes, and what to do about it, for an operator. */
const REASONS: Record<string, string> = {
  '25006': 'it is read-only: point DATABASE_URL to the primary, or take default_transaction_read_only away',
  '53100': 'its disk is full: make room on it or enlarge it; writes then go on by themselves',
  '53200': 'it is out of memory: give its machine more, or lower work_mem and the number of connections',
  '53300': 'it has no connection left: raise max_connections, or lower DATABASE_POOL or the number of processes',
  '54000': 'it must be vacuumed before it takes writes: run VACUUM in the database that its log names',
  '58030': 'its disk fails: look at its log and at the disk before anything else is written to it',
  TIMEOUT: 'it does not answer in time: look at its load, its disk and the network to it',
};

/** Why a database does not serve and what to do, in words; the code where we have none for it. */
export const reasonOf = ({ lastCode }: Pick<DatabaseState, 'lastCode'>): string | undefined =>
  lastCode === null ? undefined : (REASONS[lastCode] ?? lastCode);

/** Looks at the database, again and again. */
export class DatabaseMonitor {
  readonly #probe: DatabaseProbe;
  readonly #clock: Clock;
  #state: DatabaseState = { status: 'UP', latencyMs: null, checkedAt: null, lastError: null, lastCode: null };
  /** Why it takes no writes, as the last one that was tried said. */
  #refusal: { lastError: string; lastCode: string } | undefined;
  /** When the next write is due, by `performance.now()`. */
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

  /** As it was last seen. */
  get state(): DatabaseState {
    return this.#state;
  }

  /** The agents' connections. */
  pool(): { total: number; idle: number; waiting: number } {
    return this.#probe.pool();
  }

  /** Looks once. Never rejects. */
  async look(): Promise<DatabaseState> {
    const begun = performance.now();
    try {
      const { isReadOnly } = await this.#ask();
      const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
      // One that hangs does not keep us from looking.
      if (!isReadOnly) await withPatience(this.#tryToWrite()).catch(() => {});
      const refusal = isReadOnly ? READ_ONLY : this.#refusal;
      const status = refusal ? 'READ_ONLY' : 'UP';
      this.#state = { ...this.#state, ...refusal, status, latencyMs, checkedAt: this.#clock.now() };
    } catch (error) {
      this.#state = { status: 'DOWN', latencyMs: null, checkedAt: this.#clock.now(), ...wordsOf(error) };
    }
    return this.#state;
  }

  /** Writes if it is time to, and remembers why it was refused, until one is taken. Never rejects. */
  async #tryToWrite(): Promise<void> {
    const { write } = this.#probe;
    if (!write || performance.now() < this.#writeAt) return;
    this.#writeAt = performance.now() + WRITE_AGAIN_MS + WRITE_PATIENCE_MS;
    // One that hung is waited for again: there is a connection for one of them.
    this.#writing ??= write().finally(() => (this.#writing = undefined));
    try {
      await withPatience(this.#writing, WRITE_PATIENCE_MS);
      this.#refusal = undefined;
      this.#slowWrites = 0;
      this.#writeAt = performance.now() + WRITE_EVERY_MS;
    } catch (error) {
      this.#writeAt = performance.now() + WRITE_AGAIN_MS;
      const words = wordsOf(error);
      // One that is late may have met a busy machine.
      const isSlow = words.lastCode === 'TIMEOUT';
      if (isSlow ? ++this.#slowWrites > 1 : !PASSING.test(words.lastCode)) this.#refusal = words;
    }
  }

  /** Looks until aborted, and tells after each look. */
  async run(signal: AbortSignal, tell: (state: DatabaseState) => void): Promise<void> {
    while (!signal.aborted) {
      tell(await this.look());
      await sleep(EVERY_MS, signal);
    }
  }

  /** The first failure may be that of a connection which its server has left long ago. A timeout is none of these. */
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

/** A probe that has no connection of its own: for tests, and for who has one pool. */
export const probeOver = (kysely: Kysely<any>): DatabaseProbe => ({
  look: async () => (await raw<{ isReadOnly: boolean }>(kysely, PROBE)).rows[0]!,
  pool: () => ({ total: 0, idle: 0, waiting: 0 }),
});
