/** The rules of jobs. Pure: no I/O, no clock, no randomness. */
import { Refusal, shortened } from '../errors.ts';
import type { JobError, JobStatus } from './job-entity.ts';

/** How often a job may fail, or its process die, in a row without any progress before it is given up. */
export const MAX_FAILURES = 5;
/** The most errors that are kept of a job. */
export const MAX_ERRORS = 20;
/** At most so often, in milliseconds, is the progress of a running job published. */
export const TOLD_EVERY_MS = 1000;

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;

/** Milliseconds before a job is tried again, after so many tries without progress (from 1). @param chance 0 to 1 */
export const delayAfter = (tries: number, chance: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 20)) * (0.75 + chance / 2);

/** Milliseconds before a chunk that waits is asked again, after it has waited so many times (from 0). */
export const waitAfter = (times: number): number => Math.min(5000, 100 * 2 ** Math.min(times, 20));

/** Whether a job has ended. */
export const hasEnded = (status: JobStatus): boolean => status !== 'QUEUED' && status !== 'RUNNING';

/** Whether progress is published now: the start and the end always, what is between at most once a second. */
export const isTold = (status: JobStatus, toldAt: Date, now: Date): boolean =>
  status !== 'RUNNING' || now.getTime() - toldAt.getTime() >= TOLD_EVERY_MS;

/** What people are told of why a job failed. The messages of faults are for operators, and stand in the log. */
export function errorsOf(error: unknown): JobError[] {
  if (error instanceof Refusal)
    return error.userErrors.slice(0, MAX_ERRORS).map(({ code, message }) => ({ code, message: shortened(message) }));
  return [
    {
      code: 'INTERNAL_SERVER_ERROR',
      message: 'Something went wrong that is not yours to mend. The log tells operators more.',
    },
  ];
}
