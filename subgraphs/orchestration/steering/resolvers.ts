import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadMany } from '../../../platform/graphql/per-request.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import type { Tables } from '../entities.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import type { SteeringQueries } from './queries.ts';
import { steeringService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: SteeringQueries;
  load: OrchestrationLoaders;
  sagas: readonly SagaDefinition[];
}

/** Resolvers of operators' actions on sagas whose steps fail. */
export const steeringResolvers = (agentContext: AgentContext<Tables>, { queries, load, sagas }: Parts): Resolvers => {
  const { steer } = steeringService(agentContext, sagas);
  const actionsOf = loadMany(queries.actionsOf, (row) => row.sagaId);
  /** The saga after the use case. */
  const saga = (context: RequestContext, useCase: () => Promise<string>) =>
    payload(async () => {
      const id = await useCase();
      return { saga: await load.saga(context).load(id) };
    });
  return {
    Mutation: {
      retrySagaStep: (_, { input }, context) => saga(context, () => steer('RETRY', input, context)),
      skipSagaStep: (_, { input }, context) => saga(context, () => steer('SKIP', input, context)),
      compensateSaga: (_, { input }, context) => saga(context, () => steer('COMPENSATE', input, context)),
    },
    Saga: {
      actions: ({ id }, _, context) => actionsOf(context).load(id),
    },
    SagaAction: {
      by: (row) => row.requestedBy,
      requestedAt: (row) => row.at,
    },
  };
};
