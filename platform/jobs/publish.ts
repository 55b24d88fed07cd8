import type { EventDefinition } from '../events/define-event.ts';
import type { Work } from '../store/store.ts';
import type { JobRow } from './job-entity.ts';
import type { JobProgress } from './job-events.ts';

/** The event that an agent publishes of its jobs. */
export type ProgressEvent = EventDefinition<JobProgress>;

/** Publishes where a job stands, in the transaction that brought it there. */
export function publishProgress(
  work: Pick<Work, 'publish'>,
  progressed: ProgressEvent,
  { id: jobId, kind, status, done, total, version }: JobRow,
): void {
  const payload = { jobId, kind, status, done, total };
  work.publish(progressed, { aggregateId: jobId, aggregateVersion: version, payload });
}
