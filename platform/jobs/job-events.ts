import { z } from 'zod';
import { defineEvent, type EventDefinition } from '../events/define-event.ts';
import { JobStatus } from './job-entity.ts';

/** Progress of a job, as it is published. */
export interface JobProgress {
  jobId: string;
  kind: string;
  status: JobStatus;
  done: number;
  total: number | null;
}

const payload: z.ZodType<JobProgress> = z.object({
  jobId: z.string(),
  kind: z.string(),
  status: z.enum(JobStatus),
  done: z.number().int(),
  total: z.number().int().nullable(),
});

/**
 * The event of an agent's jobs, `<agent>.job_progressed`: for its list of `emits`. It is published when a job is started
 * and ends, and while it runs at most once a second.
 */
export const jobProgressed = (agent: string): EventDefinition<JobProgress> =>
  defineEvent(`${agent}.job_progressed`, {
    aggregate: 'job',
    description: 'A job was started, has come further, or has ended.',
    payload,
  });
