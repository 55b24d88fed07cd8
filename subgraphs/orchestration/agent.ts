import { defineAgent } from '../../platform/agent/define-agent.ts';
import { agentsResolvers } from './agents/resolvers.ts';
import { entities } from './entities.ts';
import { emits, handlers } from './events.ts';
import { logJobs } from './events-desk/scheduled-jobs.ts';
import { eventsDeskResolvers } from './events-desk/resolvers.ts';
import { failedAttempt } from './failed-attempt.ts';
import { forgetSagasJob } from './forget-sagas.ts';
import { orchestrationLoaders } from './loaders.ts';
import { passedOver } from './passed-over.ts';
import { progressResolvers } from './progress/resolvers.ts';
import { orchestrationQueries } from './queries.ts';
import { orchestrationResolvers } from './resolvers.ts';
import { cancelOrder } from './sagas/cancel-order.ts';
import { earlierPlaceOrder } from './sagas/earlier-place-order.ts';
import { importProducts } from './sagas/import-products.ts';
import { placeOrder } from './sagas/place-order.ts';
import { steeringQueries } from './steering/queries.ts';
import { steeringResolvers } from './steering/resolvers.ts';

const sagas = [placeOrder, earlierPlaceOrder, cancelOrder, importProducts];

export default defineAgent({
  name: 'orchestration',
  area: 'system',
  title: 'Orchestration',
  description: 'Carries sagas over several agents through to their end, and keeps the registry of agents.',
  skills: [
    { id: 'run-sagas', name: 'Run sagas', description: 'Carries work over several agents through, or undoes it.' },
    {
      id: 'know-agents',
      name: 'Know the agents',
      description: 'Lists agents with their skills and their health.',
    },
  ],
  at: import.meta.url,
  entities,
  emits,
  handlers,
  // Safe, since a signal is unique for its event.
  replayable: true,
  build(agentContext) {
    const { clock, store } = agentContext;
    const queries = orchestrationQueries(store.read);
    const load = orchestrationLoaders(queries, agentContext);
    const steering = steeringQueries(store.read, clock);
    return {
      resolvers: [
        orchestrationResolvers({ queries, load }),
        agentsResolvers(agentContext, { queries, load }),
        progressResolvers(agentContext, { queries, load }),
        steeringResolvers(agentContext, { queries: steering, load, sagas }),
        eventsDeskResolvers(agentContext, load),
      ],
      scheduledJobs: [...logJobs(agentContext), forgetSagasJob(agentContext), passedOver(agentContext, steering)],
      sagas: {
        definitions: sagas,
        onFailedAttempt: failedAttempt(agentContext, { queries, sagas }),
        verdict: steering.verdict,
      },
    };
  },
});
