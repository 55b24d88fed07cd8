import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { sagaWatch } from './watch.ts';

/** What the resolvers call. */
interface Parts {
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
}

/** Sagas live. */
export const progressResolvers = ({ log }: AgentContext, { queries, load }: Parts): Resolvers => {
  const watchSaga = sagaWatch({ queries, load, log });
  return {
    Subscription: {
      sagaUpdated: { subscribe: (_, args, context) => watchSaga(args, context) },
    },
    SagaEvent: {
      saga: (event, _, context) => load.saga(context).load(event.sagaId),
    },
  };
};
