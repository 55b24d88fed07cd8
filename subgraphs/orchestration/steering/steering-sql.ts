/** Plain SQL: the engine finds and marks a decision in one statement, and DBOS's tables are looked up one by one. */
import type { Kysely } from 'kysely';
import { columnList } from '../../../platform/data/entity-table.ts';
import { raw } from '../../../platform/data/raw.ts';
import { type SagaActionRow, SagaActionSchema, type SagaActionType } from '../entities.ts';

/** An operator's decision about a step. */
export interface Decision {
  action: SagaActionType;
  /** The operator's id. */
  by: string;
}

const MAX_ACTIONS = 100;
/** The most sagas that one run wakes. */
const MAX_UNHEARD = 500;

/** The latest decisions about each saga, oldest first. */
export async function actionsOf(db: Kysely<any>, sagaIds: readonly string[]): Promise<SagaActionRow[]> {
  const { rows } = await raw<SagaActionRow>(
    db,
    `select a.* from unnest($1::text[]) as saga(id), lateral
       (select ${columnList(SagaActionSchema)} from orchestration.saga_action
         where saga_id = saga.id order by number desc limit $2) a
      order by a."sagaId", a.number`,
    [sagaIds, MAX_ACTIONS],
  );
  return rows;
}

/**
 * The oldest effective decision about a failing step, marked as taken up. A retry counts once. A skip or an undo counts
 * until the step is over: the worker that took it up may die before it has stored the result, and the next one asks
 * again.
 */
export async function verdict(db: Kysely<any>, sagaId: string, step: string, now: Date): Promise<Decision | undefined> {
  const { rows } = await raw<Decision>(
    db,
    `with decision as
       (select number, action, requested_by from orchestration.saga_action
         where saga_id = $1 and step = $2 and (taken_at is null or action <> 'RETRY') order by number limit 1),
     taken as
       (update orchestration.saga_action a set taken_at = $3 from decision
         where a.saga_id = $1 and a.number = decision.number and a.taken_at is null)
     select action, requested_by as by from decision`,
    [sagaId, step, now.toISOString()],
  );
  return rows[0];
}

/** Sagas that are parked at a failing step, with a decision that no worker has taken up. */
export async function unheard(db: Kysely<any>): Promise<string[]> {
  const { rows } = await raw<{ id: string }>(
    db,
    `select distinct a.saga_id as id
       from orchestration.saga_action a
       join platform.saga_wait w on w.saga_id = a.saga_id and w.step = a.step and w.attempts > 0
      where a.taken_at is null
        and (select status from dbos.workflow_status where workflow_uuid = a.saga_id) = 'DELAYED'
      limit $1`,
    [MAX_UNHEARD],
  );
  return rows.map(({ id }) => id);
}
