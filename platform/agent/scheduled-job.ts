import type { Kysely } from 'kysely';
import { inTurn } from '../data/in-turn.ts';
import { isTransient } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { ScheduledJob } from './define-agent.ts';
import { delayAfter, RESTART, type RestartPace } from './supervise.ts';

/** Options for running a scheduled job. */
export interface ScheduledJobOptions {
  /** Direct connections to PostgreSQL: session locks do not work through a transaction pooler. */
  kysely: Kysely<any>;
  log: Logger;
  agent: string;
  /** Called at each failure, with the failures in a row. Transient errors, such as a lost connection, do not count. */
  onFailure?(error: unknown, failures: number): void;
  /** Called when the job succeeds after failures. */
  onRecovery?(): void;
  /** @default RESTART */
  pace?: RestartPace;
}

/**
 * Runs a scheduled job periodically, with ten percent jitter, until aborted. A failure is logged and retried with
 * backoff, not later than at the job's next time.
 */
export async function runScheduledJob(
  job: ScheduledJob,
  { kysely, log, agent, onFailure, onRecovery, pace = RESTART }: ScheduledJobOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  const everyMs = job.everySeconds * 1000;
  while (!signal.aborted) {
    // With jitter, so that the hourly jobs of many agents do not run in the same second.
    const nextMs = everyMs * (0.9 + Math.random() / 5);
    await sleep(failures > 0 ? Math.min(nextMs, delayAfter(failures, pace)) : nextMs, signal);
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
