import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { sagaWatch } from './watch.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
}

/** Resolvers of live sagas. */
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
