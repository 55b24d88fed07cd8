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

/** Milliseconds between looks: what is lost is noticed within two seconds, patience included. */
const EVERY_MS = 750;
/** A server that takes longer than this for nothing serves nobody. Milliseconds. */
const PATIENCE_MS = 1000;

/** The statement of a probe. */
export const PROBE = `select pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "isReadOnly"`;

/** Looks at the database, again and again. */
export class DatabaseMonitor {
  readonly #probe: DatabaseProbe;
  readonly #clock: Clock;
  #state: DatabaseState = { status: 'UP', latencyMs: null, checkedAt: null, lastError: null, lastCode: null };

  constructor(probe: DatabaseProbe, clock: Clock) {
    this.#probe = probe;
    this.#clock = clock;
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
      this.#state = {
        ...this.#state,
        status: isReadOnly ? 'READ_ONLY' : 'UP',
        latencyMs,
        checkedAt: this.#clock.now(),
      };
    } catch (error) {
      const { message, code, name } = error as NodeJS.ErrnoException;
      const [lastError, lastCode] = [(message || String(code)).slice(0, 500), code ?? name];
      this.#state = { status: 'DOWN', latencyMs: null, checkedAt: this.#clock.now(), lastError, lastCode };
    }
    return this.#state;
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

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(Object.assign(new Error(`no answer in ${PATIENCE_MS} ms`), { code: 'TIMEOUT' })),
    PATIENCE_MS,
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
