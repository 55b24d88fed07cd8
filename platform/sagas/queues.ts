/**
 * The queues in which sagas wait for a worker. Each has places of its own (bulkheads), so that none holds up another: a
 * merchant's hundred imports do not delay orders, nor orders whose payment hangs cancellations. A parked saga has none.
 */
import type { Pool } from 'pg';

/** Class of a saga's queue: urgent work, everyday work, or bulk work. @default ORDINARY */
export type QueueClass = 'URGENT' | 'ORDINARY' | 'BULK';

/** A queue, with a worker's limits. */
export interface SagaQueue {
  name: string;
  /** Most sagas of it that a worker has in hand at the same time. */
  places: number;
  /** Most steps of those that run at the same time. */
  steps: number;
  /** Poll interval: the longest wait of a new saga while places are free. */
  pollMs: number;
  /** Age of its first saga at which the queue is reported as stuck. */
  patienceSeconds: number;
}

/** All queues. `AGAIN` has parked sagas whose time has come: a thousand stuck ones are retried behind one another. */
export const QUEUES: Readonly<Record<QueueClass | 'AGAIN', SagaQueue>> = {
  ORDINARY: { name: 'sagas', places: 256, steps: 64, pollMs: 25, patienceSeconds: 20 },
  URGENT: { name: 'sagas.urgent', places: 64, steps: 32, pollMs: 250, patienceSeconds: 20 },
  BULK: { name: 'sagas.bulk', places: 32, steps: 8, pollMs: 1000, patienceSeconds: 300 },
  AGAIN: { name: 'sagas.again', places: 32, steps: 16, pollMs: 1000, patienceSeconds: 300 },
};

const ALL = Object.values(QUEUES);

/** The queue of a name. An unknown queue of a later release is treated as the ordinary one. */
export const queueNamed = (name: string): SagaQueue => ALL.find((queue) => queue.name === name) ?? QUEUES.ORDINARY;

/** Age in seconds of the first saga in each queue that is not empty. */
export async function queueAges(pool: Pick<Pool, 'query'>): Promise<{ queue: string; seconds: number }[]> {
  const { rows } = await pool.query<{ queue: string; seconds: string }>(
    `select queue_name as queue, greatest(0, extract(epoch from now()) - min(updated_at) / 1000.0) as seconds
       from dbos.workflow_status where status in ('ENQUEUED', 'PENDING') and status = 'ENQUEUED' and queue_name = any($1)
      group by queue_name order by queue_name`,
    [ALL.map(({ name }) => name)],
  );
  return rows.map(({ queue, seconds }) => ({ queue, seconds: Number(seconds) }));
}
