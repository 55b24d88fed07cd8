import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Sagas forgotten in one transaction, which must be short. */
const CHUNK = 500;

/**
 * Deletes what DBOS keeps of sagas that ended before this. One that ended in an error stays: somebody must look at it.
 * From then on the same start would be a new saga; so what starts one twice must do it sooner.
 * DBOS has `deleteWorkflows`, but only where it is launched, and without saying which are old.
 * @param onForgotten told of the ids, a chunk at a time
 * @returns how many they were
 */
export async function forgetSagas(
  db: Kysely<any>,
  before: Date,
  signal: AbortSignal,
  onForgotten: (ids: readonly string[]) => Promise<void> = async () => {},
): Promise<number> {
  for (let forgotten = 0; ; ) {
    // Messages and events of a saga go with it, by their foreign keys; these three tables have none.
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
       steps as (delete from dbos.operation_outputs using ended where workflow_uuid = id)
       delete from dbos.workflow_status using ended where workflow_uuid = id returning id`,
      [before.getTime(), CHUNK],
    );
    if (rows.length) await onForgotten(rows.map(({ id }) => id));
    forgotten += rows.length;
    if (rows.length < CHUNK || signal.aborted) return forgotten;
  }
}
