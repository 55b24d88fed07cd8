import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { ScheduledJob } from './define-agent.ts';
import { delayAfter, RESTART, type RestartPace } from './supervise.ts';

/** What a scheduled job is performed on. */
export interface ScheduledJobOptions {
  /** Connections to PostgreSQL itself: a session's lock is no pooler's. */
  kysely: Kysely<any>;
  log: Logger;
  agent: string;
  /** Told when it has failed, and how often in a row. What passes, such as a lost connection, does not count. */
  onFailure?(error: unknown, failures: number): void;
  /** Told when it was done after it had failed. */
  onRecovery?(): void;
  /** @default RESTART */
  pace?: RestartPace;
}

/**
 * Performs a scheduled job by the clock until aborted. A scheduled job that fails is logged and tried again, with backoff, but not later
 * than at its next time.
 */
export async function runScheduledJob(
  job: ScheduledJob,
  { kysely, log, agent, onFailure, onRecovery, pace = RESTART }: ScheduledJobOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  const everyMs = job.everySeconds * 1000;
  while (!signal.aborted) {
    await sleep(failures > 0 ? Math.min(everyMs, delayAfter(failures, pace)) : everyMs, signal);
    if (signal.aborted) return;
    try {
      await inTurn(kysely, `${agent}/${job.name}`, (session) => job.run(signal, session));
      if (failures > 0) onRecovery?.();
      failures = 0;
    } catch (error) {
      log.warn({ err: error, job: job.name }, 'job failed, and will be tried again');
      if (!isTransient(error)) onFailure?.(error, ++failures);
    }
  }
}

/** Of many processes one does the work; the others leave it to that one. */
async function inTurn(kysely: Kysely<any>, name: string, work: (session: Kysely<any>) => Promise<void>): Promise<void> {
  await kysely.connection().execute(async (connection) => {
    // A session's lock, not a transaction's: an open transaction would hold back the tail of the event log.
    const { rows } = await raw<{ held: boolean }>(
      connection,
      `select pg_try_advisory_lock(1819239273, hashtext($1)) as held`,
      [name],
    );
    if (!rows[0]!.held) return;
    try {
      await work(connection);
    } finally {
      await raw(connection, `select pg_advisory_unlock(1819239273, hashtext($1))`, [name]);
    }
  });
}
