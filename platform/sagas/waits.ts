/** Stored waits of parked sagas, in PostgreSQL (migrations/0025-saga-waits.sql). */
import type { Pool } from 'pg';
import { OWN_TOPICS } from './enqueue.ts';
import { QUEUES } from './queues.ts';

/** The wait of one step. */
export interface Wait {
  step: string;
  /** Number of failed attempts. */
  attempts: number;
  /** Time of the next attempt at the latest, in milliseconds since 1970. */
  until: number;
  /** Topic of a message, or id of a saga that ends, with which the step goes on sooner. */
  topic?: string;
  child?: string;
  /** Whether it failed with a transient error, which passes for all sagas at once: an agent or a database is away. */
  isTransient?: boolean;
}

/** The stored waits of a saga. */
export interface Waits {
  ofStep: ReadonlyMap<string, Wait>;
  /** Whether its subject has ended without it. */
  isCalledOff: boolean;
}

/** The waits of a saga that was never parked. */
export const NO_WAITS: Waits = { ofStep: new Map(), isCalledOff: false };

/** Name of the row that marks a saga as called off. */
const CALLED_OFF = '(called off)';

/** Reads a saga's waits, and takes its messages of {@link OWN_TOPICS}. */
export async function readWaits(pool: Pool, saga: string): Promise<Waits> {
  const { rows } = await pool.query<{ step: string; attempts: number; until: string; isTransient: boolean }>(
    `with told as
       (delete from dbos.notifications where destination_uuid = $1 and topic = any($2) returning topic),
     ended as
       (insert into platform.saga_wait (saga_id, step, attempts, until)
        select distinct $1, $3, 0, now() from told where topic = $4 on conflict do nothing returning step)
     select step, attempts, extract(epoch from until) * 1000 as until, is_transient as "isTransient" from platform.saga_wait where saga_id = $1
     union all select step, 0, 0, false from ended`,
    [saga, [OWN_TOPICS.steer, OWN_TOPICS.end], CALLED_OFF, OWN_TOPICS.end],
  );
  const waits = rows.map((row) => ({ ...row, until: Number(row.until) }));
  return {
    ofStep: new Map(waits.filter(({ step }) => step !== CALLED_OFF).map((wait) => [wait.step, wait])),
    isCalledOff: waits.some(({ step }) => step === CALLED_OFF),
  };
}

/** Deletes the wait of a step; without one, all waits of a saga that has ended. */
export async function forgetWait(pool: Pool, saga: string, step?: string): Promise<void> {
  await pool.query(`delete from platform.saga_wait where saga_id = $1 and ($2::text is null or step = $2)`, [
    saga,
    step ?? null,
  ]);
}

/**
 * Parks a saga, in one transaction. `MESSAGE_WAITING`: it was not parked, since it has a message to go on with. `LOST`:
 * another worker has it by now.
 */
export async function parkSaga(
  pool: Pool,
  saga: string,
  executor: string,
  waits: readonly Wait[],
): Promise<'PARKED' | 'MESSAGE_WAITING' | 'LOST'> {
  const topics = [...Object.values(OWN_TOPICS), ...waits.flatMap(({ topic }) => topic ?? [])];
  const { rows } = await pool.query<{ outcome: 'PARKED' | 'MESSAGE_WAITING' | 'LOST' }>(
    'select platform.park_saga($1, $2, $3, $4, $5, $6) as outcome',
    [
      saga,
      executor,
      Math.ceil(Math.min(...waits.map(({ until }) => until))),
      QUEUES.AGAIN.name,
      topics,
      JSON.stringify(waits.map(rowOf)),
    ],
  );
  return rows[0]!.outcome;
}

const rowOf = ({ until, isTransient, ...wait }: Wait) => ({
  ...wait,
  until: new Date(until),
  is_transient: isTransient,
});

/** Most sagas woken at once. One that works again wakes so many, and each of those wakes more. */
const WOKEN = 500;

/**
 * Wakes the sagas of a name that wait at this step after a transient error, since the step works again. They resume
 * behind one another, in the queue of those whose time has come.
 */
export async function wakeLike(pool: Pool, saga: string, step: string): Promise<void> {
  await pool.query(
    `with due as
       (update platform.saga_wait set until = now()
         where (saga_id, step) in
               (select saga_id, step from platform.saga_wait
                 where is_transient and step = $2 and starts_with(saga_id, $1 || ':') and until > now() + interval '1 second'
                 order by until limit $4 for update skip locked)
        returning saga_id)
     select platform.wake_saga(saga_id, $3) from due`,
    [saga, step, QUEUES.AGAIN.name, WOKEN],
  );
}

/** Wakes sagas whose sub-saga has ended, up to a limit; the others follow at the next look. */
export async function wakeParents(pool: Pool): Promise<void> {
  await pool.query(
    `select platform.wake_saga(id) from
       (select p.workflow_uuid as id
          from platform.saga_wait w join dbos.workflow_status p on p.workflow_uuid = w.saga_id and p.status = 'DELAYED'
         where w.child is not null and not exists
               (select from dbos.workflow_status c
                 where c.workflow_uuid = w.child and c.status in ('ENQUEUED', 'DELAYED', 'PENDING'))
         limit $1) due`,
    [WOKEN],
  );
}

/** Whether the nth message of a saga can be received: it is checkpointed already, or has arrived. */
export async function isReceivable(pool: Pool, saga: string, topic: string, n: number): Promise<boolean> {
  const { rows } = await pool.query<{ is: boolean }>(
    `select exists (select from dbos.notifications
              where destination_uuid = $1 and topic = any($2) and not consumed)
         or (select count(*) from dbos.operation_outputs
              where workflow_uuid = $1 and function_name = 'DBOS.recv') > $3 as is`,
    [saga, [topic, OWN_TOPICS.end], n],
  );
  return rows[0]!.is;
}
