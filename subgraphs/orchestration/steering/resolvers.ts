import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadMany } from '../../../platform/graphql/per-request.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import type { SagaActionRow, Tables } from '../entities.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { type SteeringQueries, steeringQueries } from './queries.ts';
import { steeringService } from './service.ts';

/** Operators' part of the orchestration room. */
export interface Steering {
  /** What was decided about a failing step: the engine asks before each further attempt. */
  verdict: SteeringQueries['verdict'];
  unheard: SteeringQueries['unheard'];
  resolvers: Pick<Resolvers, 'Mutation' | 'SagaAction'>;
  actionsOf(sagaId: string, context: RequestContext): Promise<SagaActionRow[]>;
}

/** What steering stands on. */
interface Parts {
  load: OrchestrationLoaders;
  sagas: readonly SagaDefinition[];
}

export function steeringParts(agentContext: AgentContext<Tables>, { load, sagas }: Parts): Steering {
  const queries = steeringQueries(agentContext.store.read, agentContext.clock);
  const { steer } = steeringService(agentContext, sagas);
  const actionsOf = loadMany(queries.actionsOf, (row) => row.sagaId);
  /** The saga after the use case. */
  const saga = (context: RequestContext, useCase: () => Promise<string>) =>
    payload(async () => {
      const id = await useCase();
      return { saga: await load.saga(context).load(id) };
    });
  return {
    verdict: queries.verdict,
    unheard: queries.unheard,
    actionsOf: (id, context) => actionsOf(context).load(id),
    resolvers: {
      Mutation: {
        retrySagaStep: (_, { input }, context) => saga(context, () => steer('RETRY', input, context)),
        skipSagaStep: (_, { input }, context) => saga(context, () => steer('SKIP', input, context)),
        compensateSaga: (_, { input }, context) => saga(context, () => steer('COMPENSATE', input, context)),
      },
      SagaAction: {
        by: (row) => row.requestedBy,
        requestedAt: (row) => row.at,
      },
    },
  };
}
