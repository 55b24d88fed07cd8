import type { Kysely } from 'kysely';
import { inChunks } from '../data/in-chunks.ts';
import { raw } from '../data/raw.ts';
import { MISTAKE_SECONDS } from './lease.ts';

/** Sagas deleted per transaction, which must be short. */
const CHUNK = 500;

/**
 * Deletes the records of DBOS of sagas that ended before this. A saga that ended in an error stays for an operator.
 * After the deletion the same start is a new saga, so replays of a start must come sooner.
 * DBOS has `deleteWorkflows`, but only where it is launched, and without a choice by age.
 * @param onForgotten called with the ids, a chunk at a time
 * @returns the number of deleted sagas
 */
export async function forgetSagas(
  db: Kysely<any>,
  before: Date,
  signal: AbortSignal,
  onForgotten: (ids: readonly string[]) => Promise<void> = async () => {},
): Promise<number> {
  return inChunks(CHUNK, signal, async (limit) => {
    // Messages and events of a saga are deleted by their foreign keys; these tables have none.
    const { rows } = await raw<{ id: string }>(
      db,
      `with ended as
         (select workflow_uuid as id from dbos.workflow_status
           where completed_at < $1 and status in ('SUCCESS', 'CANCELLED')
             and not exists -- whose parent has yet to hear of its end: it would start it again
               (select from dbos.workflow_status p
                 where p.workflow_uuid = workflow_status.parent_workflow_id and p.status in ('ENQUEUED', 'DELAYED', 'PENDING'))
           order by completed_at limit $2 for update skip locked),
       inputs as (delete from dbos.workflow_input using ended where workflow_uuid = id),
       outputs as (delete from dbos.workflow_output using ended where workflow_uuid = id),
       steps as (delete from dbos.operation_outputs using ended where workflow_uuid = id),
       waits as (delete from platform.saga_wait using ended where saga_id = id)
       delete from dbos.workflow_status using ended where workflow_uuid = id returning id`,
      [before.getTime(), limit],
    );
    if (rows.length) await onForgotten(rows.map(({ id }) => id));
    return rows.length;
  });
}

/**
 * Records the saga horizon, the start of the oldest saga that may not have ended, for data that must live as long
 * (`forgetOldKeys`, platform/data/idempotency.ts). A saga that failed in the engine counts for as long as a worker may
 * take it up again, as ended by mistake (lease.ts); after that it is left to a person, and does not run any more. A
 * saga that is being started at this moment cannot be seen yet; it is younger than a day.
 */
export async function moveHorizon(db: Kysely<any>): Promise<void> {
  await raw(
    db,
    `insert into platform.saga_horizon (since)
     select least(now() - interval '1 day', to_timestamp(min(created_at) / 1000.0)) from
         (select created_at from dbos.workflow_status where status in ('ENQUEUED', 'PENDING')
          union all select created_at from dbos.workflow_status where status = 'DELAYED'
          union all select created_at from dbos.workflow_status
                     where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') and status = 'ERROR'
                       and completed_at > (extract(epoch from now()) - $1) * 1000) unfinished
     on conflict (one) do update set since = excluded.since`,
    [2 * MISTAKE_SECONDS],
  );
}
