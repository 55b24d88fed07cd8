import type { LiveLog } from '../events/live.ts';
import { hasEnded } from './domain.ts';
import type { JobStatus } from './job-entity.ts';
import type { JobProgress } from './job-events.ts';
import type { ProgressEvent } from './publish.ts';

/** An event of a job as the graph reads it. */
export interface JobEventRow {
  cursor: string;
  status: JobStatus;
  done: number;
  total: number | null;
  occurredAt: Date;
  jobId: string;
}

/** Progress of one job from its start, or behind a resume token, to its end, with which the stream ends. */
export async function* watchJob(
  live: LiveLog,
  progressed: ProgressEvent,
  { jobId, after, signal }: { jobId: string; after?: string | null; signal: AbortSignal },
): AsyncGenerator<JobEventRow, void> {
  for await (const { event, cursor } of live.follow({ types: [progressed.type], aggregateId: jobId, after, signal })) {
    const { status, done, total } = event.payload as JobProgress;
    yield { cursor, status, done, total, occurredAt: event.at, jobId };
    if (hasEnded(status)) return;
  }
}
