/** Plain SQL: lateral joins and lookups one by one over DBOS's tables read only the sagas that are asked for. */
import type { Kysely } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import type { SagaRow, SagaStepRow } from './saga-rows.ts';
import { PAYMENT_TOPIC } from './sagas/place-order.ts';

const MAX_STEPS = 100;
const MAX_CHILDREN = 100;

/** The condition that a saga waits for a message: it is parked with its topic. */
export const waits = (
  id: string,
  status: string,
): string => `(${status} = 'DELAYED' and exists (select from platform.saga_wait w
  where w.saga_id = ${id} and w.topic is not null))`;

/** The child sagas of these, MAX_CHILDREN at most of each. */
export async function sagasWithin(db: Kysely<any>, parents: readonly string[]): Promise<SagaRow[]> {
  const { rows } = await raw<SagaRow>(
    db,
    `select c.*, ${waits('c.id', 'c."engineStatus"')} as "isWaiting" from unnest($1::text[]) as parent(id), lateral
       (select workflow_uuid as id, status as "engineStatus", created_at as "createdAt", updated_at as "updatedAt",
               parent_workflow_id as "parentId"
          from dbos.workflow_status where parent_workflow_id = parent.id order by created_at, workflow_uuid limit $2) c`,
    [parents, MAX_CHILDREN],
  );
  return rows;
}

/** Ended steps in order, and then those being retried. The engine's own steps, such as waiting, are left out. */
export async function stepsOf(db: Kysely<any>, sagaIds: readonly string[]): Promise<SagaStepRow[]> {
  const { rows } = await raw<SagaStepRow>(
    db,
    `select o.workflow_uuid as "sagaId", o.function_name as name, true as "isKept",
            o.output::jsonb #>> '{json,refusal,errors,0,code}' as refusal,
            o.output::jsonb #>> '{json,refusal,errors,0,message}' as "refusalMessage",
            o.output::jsonb #>> '{json,skippedBy}' as "skippedBy",
            1 + coalesce(a.attempts, 0) as attempts, null as "lastError",
            o.started_at_epoch_ms as "startedAt", o.completed_at_epoch_ms as "completedAt", o.function_id as position,
            null::timestamptz as "lastAt", null::timestamptz as "nextAttemptAt", false as "isStuck"
       from dbos.operation_outputs o
       left join orchestration.saga_attempt a on a.saga_id = o.workflow_uuid and a.step = o.function_name
      where o.workflow_uuid = any($1) and o.function_name not like 'DBOS.%' and o.function_id < $2
     union all
     select a.saga_id, a.step, false, null, null, null, a.attempts, a.last_error,
            null, null, ${Number.MAX_SAFE_INTEGER}, a.last_at, w.until, a.alerted_at is not null
       from orchestration.saga_attempt a
       left join platform.saga_wait w on w.saga_id = a.saga_id and w.step = a.step and w.until > a.last_at
      where a.saga_id = any($1) and not exists
            (select 1 from dbos.operation_outputs o where o.workflow_uuid = a.saga_id and o.function_name = a.step)
     order by "sagaId", position`,
    [sagaIds, MAX_STEPS],
  );
  return rows;
}

/** Parked sagas that wait for their payment and have no signal, by their ids, after the one given. */
export async function waitingForPayment(db: Kysely<any>, after: string, limit: number): Promise<string[]> {
  const { rows } = await raw<{ id: string }>(
    db,
    `select w.saga_id as id from platform.saga_wait w
      where w.saga_id > $1 and starts_with(w.saga_id, 'placeOrder:') and w.topic = $2
        and (select status from dbos.workflow_status where workflow_uuid = w.saga_id) = 'DELAYED'
        and (select message_uuid from dbos.notifications where destination_uuid = w.saga_id and topic = $2 limit 1) is null
      order by w.saga_id limit $3`,
    [after, PAYMENT_TOPIC, limit],
  );
  return rows.map(({ id }) => id);
}
