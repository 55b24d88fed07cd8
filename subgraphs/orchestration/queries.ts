/** Reads of the registry, which the hosts write, and of sagas, whose state is DBOS's and lies in its tables. */
import { type Kysely, sql } from 'kysely';
import type { AgentHealth } from '../../platform/agent/health.ts';
import type { AgentStatus } from '../../platform/agent/registry.ts';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { raw } from '../../platform/data/raw.ts';
import type { Tables } from './entities.ts';

/** An agent as the graph reads it. */
export interface AgentRow {
  name: string;
  area: string;
  title: string;
  description: string;
  skills: { id: string; name: string; description: string }[];
  status: AgentStatus;
  degradation: number;
  started_at: Date;
  heartbeat_at: Date;
  /** Empty until its process has written it. */
  health: Partial<AgentHealth>;
}

/** A saga as the graph reads it. */
export interface SagaRow {
  id: string;
  engine_status: string;
  /** Milliseconds since 1970. */
  created_at: bigint;
  updated_at: bigint;
  /** The id of the saga whose step it is. */
  parent_id: string | null;
  /** Whether it waits for something from outside. */
  is_waiting: boolean;
}

/** A page of sagas. */
export type SagaConnectionRow = Connection<SagaRow>;

/** A step as the graph reads it. */
export interface SagaStepRow {
  saga_id: string;
  name: string;
  is_kept: boolean;
  refusal: string | null;
  /** Why, in words. */
  refusal_message: string | null;
  /** Who had it left out. */
  skipped_by: string | null;
  attempts: number;
  last_error: string | null;
  /** Milliseconds since 1970. */
  started_at: bigint | null;
  completed_at: bigint | null;
  /** Its place among the saga's steps, once it is kept. */
  position: number | bigint;
  /** When it last failed, while it is being tried. */
  last_at: Date | null;
  /** When it is tried again, once it is tried seldom. */
  next_at: Date | null;
  /** Whether somebody was called to look at it. */
  is_stuck: boolean;
}

/** An attempt that failed. */
interface FailedAttempt {
  sagaId: string;
  step: string;
  error: string;
  at: Date;
}

/** What we read of DBOS's own tables. */
interface DbosTables {
  workflow_status: {
    workflow_uuid: string;
    status: string;
    name: string;
    created_at: bigint;
    updated_at: bigint;
    parent_workflow_id: string | null;
  };
}

/** A saga that waits for a message is parked with its topic. */
const waits = (
  id: string,
  status: string,
): string => `(${status} = 'DELAYED' and exists (select from platform.saga_wait w
  where w.saga_id = ${id} and w.topic is not null))`;

const MAX_AGENTS = 100;
const MAX_STEPS = 100;
const MAX_CHILDREN = 100;

export const orchestrationQueries = (db: Kysely<Tables>) => {
  const platform = db.withSchema('platform') as unknown as Kysely<{ agent: AgentRow }>;
  const dbos = db.withSchema('dbos') as unknown as Kysely<DbosTables>;
  const sagas = () =>
    dbos
      .selectFrom((eb) =>
        eb
          .selectFrom('workflow_status')
          .select(['workflow_uuid as id', 'status as engine_status', 'name', 'created_at', 'updated_at'])
          .select('parent_workflow_id as parent_id')
          .select(
            sql<boolean>`${sql.raw(waits('workflow_status.workflow_uuid', 'workflow_status.status'))}`.as('is_waiting'),
          )
          .where('workflow_uuid', 'like', '%:%')
          .as('saga'),
      )
      .select(['id', 'engine_status', 'created_at', 'updated_at', 'parent_id', 'is_waiting']);

  return {
    agents: (area: string | null): Promise<AgentRow[]> => {
      const all = platform.selectFrom('agent').selectAll().orderBy('area').orderBy('name').limit(MAX_AGENTS);
      return (area ? all.where('area', '=', area) : all).execute();
    },

    agentsByNames: (names: readonly string[]): Promise<AgentRow[]> =>
      platform
        .selectFrom('agent')
        .selectAll()
        .where('name', 'in', [...names])
        .execute(),

    sagasByIds: (ids: readonly string[]): Promise<SagaRow[]> =>
      sagas()
        .where('id', 'in', [...ids])
        .execute(),

    /** At most so many of each. */
    sagasWithin: async (parents: readonly string[]): Promise<SagaRow[]> => {
      const { rows } = await raw<SagaRow>(
        db,
        `select c.*, ${waits('c.id', 'c.engine_status')} as is_waiting from unnest($1::text[]) as parent(id), lateral
           (select workflow_uuid as id, status as engine_status, created_at, updated_at, parent_workflow_id as parent_id
              from dbos.workflow_status where parent_workflow_id = parent.id order by created_at, workflow_uuid limit $2) c`,
        [parents, MAX_CHILDREN],
      );
      return rows;
    },

    sagaPage: (filter: { name?: string | null }, page: PageArgs): Promise<SagaConnectionRow> => {
      const all = filter.name != null ? sagas().where('name', '=', filter.name) : sagas();
      return connect(all, { column: 'created_at', direction: 'DESC' }, page);
    },

    /** What was done, in order, and then what is being tried again. Waiting is the engine's own step and not shown. */
    stepsOf: async (sagaIds: readonly string[]): Promise<SagaStepRow[]> => {
      const { rows } = await raw<SagaStepRow>(
        db,
        `select o.workflow_uuid as saga_id, o.function_name as name, true as is_kept,
                o.output::jsonb #>> '{json,refusal,errors,0,code}' as refusal,
                o.output::jsonb #>> '{json,refusal,errors,0,message}' as refusal_message,
                o.output::jsonb #>> '{json,skippedBy}' as skipped_by,
                1 + coalesce(a.attempts, 0) as attempts, null as last_error,
                o.started_at_epoch_ms as started_at, o.completed_at_epoch_ms as completed_at, o.function_id as position, null::timestamptz as last_at,
                null::timestamptz as next_at, false as is_stuck
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
         order by saga_id, position`,
        [sagaIds, MAX_STEPS],
      );
      return rows;
    },

    /** Adds one to the failed attempts of a step: a worker that takes a saga over would count from one again. */
    recordAttempt: ({ sagaId, step, error, at }: FailedAttempt) =>
      db
        .insertInto('saga_attempt')
        .values({ saga_id: sagaId, step, attempts: 1, last_error: error, last_at: at })
        .onConflict((conflict) =>
          conflict.columns(['saga_id', 'step']).doUpdateSet({
            attempts: sql`saga_attempt.attempts + 1`,
            last_error: error,
            last_at: at,
          }),
        )
        .returning(['attempts', 'alerted_at'])
        .executeTakeFirstOrThrow(),
  };
};

export type OrchestrationQueries = ReturnType<typeof orchestrationQueries>;
