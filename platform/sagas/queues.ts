/**
 * The queues in which sagas wait for a worker. Each has places of its own, so that none keeps the others waiting: not a
 * merchant's hundred imports the orders, nor orders whose payment hangs the cancellations. A saga that waits has none.
 */
import type { Pool } from 'pg';

/** Which queue a saga is for: what cannot wait, what many people do, what is large. @default ORDINARY */
export type QueueClass = 'URGENT' | 'ORDINARY' | 'BULK';

/** A queue as a worker takes from it. */
export interface SagaQueue {
  name: string;
  /** Sagas of it that one worker has in hand at the same time. */
  places: number;
  /** Steps of those at which it works at the same time. */
  steps: number;
  /** How often it is looked at: what one that is started waits at most while places are free. */
  pollMs: number;
  /** How long the first of it may stand there until somebody is told that it does not move. */
  patienceSeconds: number;
}

/** `AGAIN` is for what was parked and whose time has come: a thousand stuck sagas are tried again behind one another. */
export const QUEUES: Readonly<Record<QueueClass | 'AGAIN', SagaQueue>> = {
  ORDINARY: { name: 'sagas', places: 256, steps: 64, pollMs: 25, patienceSeconds: 20 },
  URGENT: { name: 'sagas.urgent', places: 64, steps: 32, pollMs: 250, patienceSeconds: 20 },
  BULK: { name: 'sagas.bulk', places: 32, steps: 8, pollMs: 1000, patienceSeconds: 300 },
  AGAIN: { name: 'sagas.again', places: 32, steps: 16, pollMs: 1000, patienceSeconds: 300 },
};

const ALL = Object.values(QUEUES);

/** The queue of a name. One that a later release has made is treated as the ordinary one. */
export const queueNamed = (name: string): SagaQueue => ALL.find((queue) => queue.name === name) ?? QUEUES.ORDINARY;

/** How long the first saga of each queue has been standing there, in seconds; of those in which any does. */
export async function queueAges(pool: Pick<Pool, 'query'>): Promise<{ queue: string; seconds: number }[]> {
  const { rows } = await pool.query<{ queue: string; seconds: string }>(
    `select queue_name as queue, greatest(0, extract(epoch from now()) - min(updated_at) / 1000.0) as seconds
       from dbos.workflow_status where status in ('ENQUEUED', 'PENDING') and status = 'ENQUEUED' and queue_name = any($1)
      group by queue_name order by queue_name`,
    [ALL.map(({ name }) => name)],
  );
  return rows.map(({ queue, seconds }) => ({ queue, seconds: Number(seconds) }));
}
