/** Queries of the registry, which the hosts write, and of sagas, whose state lies in DBOS's tables. */
import { type Kysely, sql, type SqlBool } from 'kysely';
import { connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { columnsOf, type TablesOf } from '../../platform/data/entity-table.ts';
import { type AgentRow, AgentSchema } from './agents/entities.ts';
import type { Tables } from './entities.ts';
import type { SagaConnectionRow, SagaRow } from './saga-rows.ts';
import { sagasWithin, stepsOf, waits } from './saga-sql.ts';

/** A failed attempt of a step. */
interface FailedAttempt {
  sagaId: string;
  step: string;
  error: string;
  at: Date;
}

/** The columns of DBOS's tables that are read here. */
interface DbosTables {
  workflow_status: {
    workflowUuid: string;
    status: string;
    name: string;
    createdAt: bigint;
    updatedAt: bigint;
    parentWorkflowId: string | null;
  };
}

const MAX_AGENTS = 100;
const AGENT = columnsOf(AgentSchema);

export const orchestrationQueries = (db: Kysely<Tables>) => {
  const platform = db.withSchema('platform') as unknown as Kysely<TablesOf<typeof AgentSchema>>;
  const dbos = db.withSchema('dbos') as unknown as Kysely<DbosTables>;
  const sagas = () =>
    dbos
      .selectFrom((eb) =>
        eb
          .selectFrom('workflow_status')
          .select(['workflowUuid as id', 'status as engineStatus', 'name', 'createdAt', 'updatedAt'])
          .select('parentWorkflowId as parentId')
          .select(
            sql<boolean>`${sql.raw(waits('workflow_status.workflow_uuid', 'workflow_status.status'))}`.as('isWaiting'),
          )
          .where('workflowUuid', 'like', '%:%')
          .as('saga'),
      )
      .select(['id', 'name', 'engineStatus', 'createdAt', 'updatedAt', 'parentId', 'isWaiting']);

  return {
    agents: (area: string | null): Promise<AgentRow[]> => {
      const all = platform.selectFrom('agent').select(AGENT).orderBy('area').orderBy('name').limit(MAX_AGENTS);
      return (area ? all.where('area', '=', area) : all).execute();
    },

    agentsByNames: (names: readonly string[]): Promise<AgentRow[]> =>
      platform
        .selectFrom('agent')
        .select(AGENT)
        .where('name', 'in', [...names])
        .execute(),

    sagasByIds: (ids: readonly string[]): Promise<SagaRow[]> =>
      sagas()
        .where('id', 'in', [...ids])
        .execute(),

    sagasWithin: (parents: readonly string[]) => sagasWithin(db, parents),

    sagaPage: (filter: { name?: string | null }, page: PageArgs): Promise<SagaConnectionRow> => {
      // A saga's id begins with its kind, which is its name in the graph: so the primary key finds those of a rare one.
      const all = filter.name != null ? sagas().where(sql<SqlBool>`starts_with(id, ${`${filter.name}:`})`) : sagas();
      return connect(all, { column: 'createdAt', direction: 'DESC' }, page);
    },

    stepsOf: (sagaIds: readonly string[]) => stepsOf(db, sagaIds),

    /** Adds one to the failed attempts of a step: a worker that takes a saga over would count from one again. */
    recordAttempt: ({ sagaId, step, error, at }: FailedAttempt) =>
      db
        .insertInto('saga_attempt')
        .values({ sagaId, step, attempts: 1, lastError: error, lastAt: at })
        .onConflict((conflict) =>
          conflict.columns(['sagaId', 'step']).doUpdateSet((eb) => ({
            attempts: eb('saga_attempt.attempts', '+', 1),
            lastError: error,
            lastAt: at,
          })),
        )
        .returning(['attempts', 'alertedAt'])
        .executeTakeFirstOrThrow(),
  };
};

export type OrchestrationQueries = ReturnType<typeof orchestrationQueries>;
