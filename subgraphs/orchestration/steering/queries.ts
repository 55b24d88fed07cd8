/** What operators had done to sagas. */
import type { Kysely } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import { raw } from '../../../platform/data/raw.ts';
import type { Tables } from '../entities.ts';
import type { SteeringAction } from './domain.ts';

/** An action as the graph reads it. */
export interface SagaActionRow {
  saga_id: string;
  number: number;
  step: string;
  action: SteeringAction;
  requested_by: string;
  reason: string;
  at: Date;
  taken_at: Date | null;
}

/** What an operator decided about a step. */
export interface Decision {
  action: SteeringAction;
  /** The id of whoever decided. */
  by: string;
}

const MAX_ACTIONS = 100;
/** Sagas that are woken at once. */
const MAX_UNHEARD = 500;

export const steeringQueries = (db: Kysely<Tables>, clock: Clock) => ({
  /** The latest of each saga, oldest first. */
  actionsOf: async (sagaIds: readonly string[]): Promise<SagaActionRow[]> => {
    const { rows } = await raw<SagaActionRow>(
      db,
      `select a.* from unnest($1::text[]) as saga(id), lateral
         (select * from orchestration.saga_action where saga_id = saga.id order by number desc limit $2) a
        order by a.saga_id, a.number`,
      [sagaIds, MAX_ACTIONS],
    );
    return rows;
  },

  /** Steps of a saga that are to be skipped or undone, and the number of its next action. */
  standing: async (sagaId: string): Promise<{ decided: string[]; next: number }> => {
    const { rows } = await raw<{ decided: string[] | null; next: number }>(
      db,
      `select array_agg(step) filter (where action <> 'RETRY') as decided, coalesce(max(number), 0) + 1 as next
         from orchestration.saga_action where saga_id = $1`,
      [sagaId],
    );
    return { decided: rows[0]!.decided ?? [], next: rows[0]!.next };
  },

  /**
   * The oldest decision about a failing step that still counts, marked as taken up. Another try counts once. That a
   * step is skipped or its saga undone counts until the step is over: the worker that took it up may die before it has
   * kept what came of it, and the next one asks again.
   */
  verdict: async (sagaId: string, step: string): Promise<Decision | undefined> => {
    const { rows } = await raw<Decision>(
      db,
      `with decision as
         (select number, action, requested_by from orchestration.saga_action
           where saga_id = $1 and step = $2 and (taken_at is null or action <> 'RETRY') order by number limit 1),
       taken as
         (update orchestration.saga_action a set taken_at = $3 from decision
           where a.saga_id = $1 and a.number = decision.number and a.taken_at is null)
       select action, requested_by as by from decision`,
      [sagaId, step, clock.now().toISOString()],
    );
    return rows[0];
  },

  /** Sagas that are parked at a failing step about which somebody has decided, and that have not heard of it. */
  unheard: async (): Promise<string[]> => {
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
  },
});

export type SteeringQueries = ReturnType<typeof steeringQueries>;
