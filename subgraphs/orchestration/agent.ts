import { defineAgent } from '../../platform/agent/define-agent.ts';
import { agentsDesk } from './agents/resolvers.ts';
import { entities } from './entities.ts';
import { emits, handlers } from './events.ts';
import { logJobs } from './events-desk/scheduled-jobs.ts';
import { eventsDesk } from './events-desk/resolvers.ts';
import { failedAttempt } from './failed-attempt.ts';
import { forgetSagasJob } from './forget-sagas.ts';
import { orchestrationLoaders } from './loaders.ts';
import { passedOver } from './passed-over.ts';
import { sagaWatch } from './progress/watch.ts';
import { orchestrationQueries } from './queries.ts';
import { orchestrationResolvers } from './resolvers.ts';
import { cancelOrder } from './sagas/cancel-order.ts';
import { importProducts } from './sagas/import-products.ts';
import { placeOrder } from './sagas/place-order.ts';
import { steeringParts } from './steering/resolvers.ts';

const sagas = [placeOrder, cancelOrder, importProducts];

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
      description: 'Tells which agents there are, what they can do and how they are.',
    },
  ],
  at: import.meta.url,
  entities,
  emits,
  handlers,
  // A signal is unique for its event.
  replayable: true,
  build(agentContext) {
    const queries = orchestrationQueries(agentContext.store.read);
    const load = orchestrationLoaders(queries, agentContext);
    const steering = steeringParts(agentContext, load, sagas);
    return {
      resolvers: orchestrationResolvers({
        agentContext,
        queries,
        load,
        agents: agentsDesk(agentContext, load),
        steering,
        desk: eventsDesk(agentContext, load),
        watchSaga: sagaWatch(queries, load, agentContext),
      }),
      scheduledJobs: [...logJobs(agentContext), forgetSagasJob(agentContext), passedOver(agentContext, steering)],
      sagas: {
        definitions: sagas,
        onFailedAttempt: failedAttempt(queries, agentContext, sagas),
        verdict: steering.verdict,
      },
    };
  },
});
