/** What parked sagas wait for, in PostgreSQL (migrations/0025-saga-waits.sql). */
import type { Pool } from 'pg';
import { OWN_TOPICS } from './enqueue.ts';
import { QUEUES } from './queues.ts';

/** What one step waits for. */
export interface Wait {
  step: string;
  /** How often it has failed. */
  attempts: number;
  /** When it is tried again at the latest, in milliseconds since 1970. */
  until: number;
  /** Goes on sooner with a message of this topic, or with the end of this saga. */
  topic?: string;
  child?: string;
  /** Whether it failed for something that passes for all at once: an agent or a database that is away. */
  isTransient?: boolean;
}

/** What is known of a saga that was parked. */
export interface Waits {
  ofStep: ReadonlyMap<string, Wait>;
  /** What it is about has ended without it. */
  isCalledOff: boolean;
}

/** Of a saga that was never parked. */
export const NO_WAITS: Waits = { ofStep: new Map(), isCalledOff: false };

/** Under this name it is kept that a saga was called off. */
const CALLED_OFF = '(called off)';

/** Reads what a saga waits for, and takes what it was told by {@link OWN_TOPICS}. */
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

/** A step does not wait any more; without one, the whole saga has ended. */
export async function forgetWait(pool: Pool, saga: string, step?: string): Promise<void> {
  await pool.query(`delete from platform.saga_wait where saga_id = $1 and ($2::text is null or step = $2)`, [
    saga,
    step ?? null,
  ]);
}

/**
 * Parks a saga, in one transaction. `MESSAGE_WAITING`: it has a message for which it would go on at once, and was not parked.
 * `LOST`: it is in other hands by now.
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

/** So many are woken at once. One that works again wakes so many, and each of those wakes more. */
const WOKEN = 500;

/**
 * A step works again: those sagas of the name that wait at it, for something that passes, need not wait for their time.
 * They come back behind one another, as those whose time has come.
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

/** Wakes sagas whose step is another saga that has ended: so many at once, and the others at the next look. */
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

/** How the receiving of the nth message of a saga stands: whether it is kept already, or its message has come. */
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
