import type { Kysely } from 'kysely';
import { inTurn } from '../data/in-turn.ts';
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
 * Performs a scheduled job by the clock, ten percent sooner or later, until aborted. One that fails is logged and tried
 * again, with backoff, but not later than at its next time.
 */
export async function runScheduledJob(
  job: ScheduledJob,
  { kysely, log, agent, onFailure, onRecovery, pace = RESTART }: ScheduledJobOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  const everyMs = job.everySeconds * 1000;
  while (!signal.aborted) {
    // With jitter, so that what many agents do every hour is not done in the same second.
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
