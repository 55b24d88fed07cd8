/** Plain SQL: lateral joins and lookups one by one over DBOS's tables read only the sagas that are asked for. */
import type { Kysely } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import { STRETCH } from '../../platform/sagas/stretch-checkpoints.ts';
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
       (select workflow_uuid as id, name, status as "engineStatus", created_at as "createdAt", updated_at as "updatedAt",
               parent_workflow_id as "parentId"
          from dbos.workflow_status where parent_workflow_id = parent.id order by created_at, workflow_uuid limit $2) c`,
    [parents, MAX_CHILDREN],
  );
  return rows;
}

/** Multiplier for the numbers of steps in a stretch, which share the stretch's own number in the engine. */
const IN_STRETCH = 1000;

/**
 * Ended steps in order, and then those being retried. The engine has a step by itself, or a stretch of several
 * (platform/sagas/stretch.ts), of which the last is in the saga's result. Its own steps, such as waiting, are left out.
 */
export async function stepsOf(db: Kysely<any>, sagaIds: readonly string[]): Promise<SagaStepRow[]> {
  const { rows } = await raw<SagaStepRow>(
    db,
    `with kept as
       (select workflow_uuid as saga_id, function_name as name, output::jsonb -> 'json' as kept,
               started_at_epoch_ms as started_at, completed_at_epoch_ms as completed_at, function_id as place, 0::bigint as nth
          from dbos.operation_outputs
         where workflow_uuid = any($1) and function_name not like 'DBOS.%' and function_name <> $3 and function_id < $2
        union all
        select saga_id, step ->> 'step', step, ${msOf('startedAt')}, ${msOf('at')}, place, nth
          from (select workflow_uuid as saga_id, output::jsonb #> '{json,steps}' as steps, function_id as place
                  from dbos.operation_outputs
                 where workflow_uuid = any($1) and function_name = $3 and function_id < $2
                union all
                select workflow_uuid, coalesce(output::jsonb -> 'steps', '[]'), $2::int
                  from dbos.workflow_output where workflow_uuid = any($1) and output is not null) stretch,
               jsonb_array_elements(steps) with ordinality as each (step, nth))
     select k.saga_id as "sagaId", k.name, true as "isKept",
            kept #>> '{refusal,errors,0,code}' as refusal, kept #>> '{refusal,errors,0,message}' as "refusalMessage",
            kept ->> 'skippedBy' as "skippedBy", 1 + coalesce(a.attempts, 0) as attempts, null as "lastError",
            k.started_at as "startedAt", k.completed_at as "completedAt",
            case when nth = 0 then place else (place + 1) * ${IN_STRETCH} + nth end as position,
            null::timestamptz as "lastAt", null::timestamptz as "nextAttemptAt", false as "isStuck",
            place as "place", nth as "nth"
       from kept k left join orchestration.saga_attempt a on a.saga_id = k.saga_id and a.step = k.name
     union all
     select a.saga_id, a.step, false, null, null, null, a.attempts, a.last_error,
            null, null, ${Number.MAX_SAFE_INTEGER}, a.last_at, w.until, a.alerted_at is not null, $2::int + 1, 0
       from orchestration.saga_attempt a
       left join platform.saga_wait w on w.saga_id = a.saga_id and w.step = a.step and w.until > a.last_at
      where a.saga_id = any($1) and not exists (select 1 from kept k where k.saga_id = a.saga_id and k.name = a.step)
     order by "sagaId", "place", "nth"`,
    [sagaIds, MAX_STEPS, STRETCH],
  );
  return rows;
}

/** A time in the checkpoint of a stretch, in milliseconds since 1970, as the engine has those of single steps. */
const msOf = (field: 'startedAt' | 'at'): string =>
  `(extract(epoch from (step ->> '${field}')::timestamptz) * 1000)::bigint`;

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
