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

/** How long after its commit the log may keep an event back, in milliseconds: more than any transaction takes. */
const SETTLED_MS = 60_000;

/** What is watched. */
export interface Watched {
  jobId: string;
  after?: string | null;
  signal: AbortSignal;
}

/**
 * Progress of one job from its start, or behind a resume token, to its end, with which the stream ends. It ends as well
 * where the end is not to come: the subscriber has seen it, or the log has forgotten it.
 * @param ended how long ago the job has ended, in milliseconds; undefined if it has not
 */
export async function* watchJob(
  live: LiveLog,
  progressed: ProgressEvent,
  { jobId, after, signal: leaving }: Watched,
  ended: number | undefined,
): AsyncGenerator<JobEventRow, void> {
  const isOver = ended !== undefined && ended > SETTLED_MS;
  const signal =
    ended === undefined || isOver ? leaving : AbortSignal.any([leaving, AbortSignal.timeout(SETTLED_MS - ended)]);
  const interest = { types: [progressed.type], aggregateId: jobId, after, isOver, signal };
  for await (const { event, cursor } of live.follow(interest)) {
    const { status, done, total } = event.payload as JobProgress;
    yield { cursor, status, done, total, occurredAt: event.at, jobId };
    if (hasEnded(status)) return;
  }
}
