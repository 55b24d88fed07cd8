import { defineAgent } from '../../platform/agent/define-agent.ts';
import { agentsDesk } from './agents/resolvers.ts';
import { entities } from './entities.ts';
import { emits, handlers, SETTLED } from './events.ts';
import { logDuties } from './events-desk/duties.ts';
import { eventsDesk } from './events-desk/resolvers.ts';
import { failedAttempt } from './failed-attempt.ts';
import { forgetSagasDuty } from './forget-sagas.ts';
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
  handles: SETTLED,
  // A signal is unique for its event.
  replayable: true,
  build(ground) {
    const queries = orchestrationQueries(ground.store.read);
    const load = orchestrationLoaders(queries, ground);
    const steering = steeringParts(ground, load, sagas);
    return {
      resolvers: orchestrationResolvers({
        ground,
        queries,
        load,
        agents: agentsDesk(ground, load),
        steering,
        desk: eventsDesk(ground, load),
        watchSaga: sagaWatch(queries, load, ground),
      }),
      handlers,
      duties: [...logDuties(ground), forgetSagasDuty(ground), passedOver(ground, steering)],
      sagas,
      onFailedAttempt: failedAttempt(queries, ground, sagas),
      verdict: steering.verdict,
    };
  },
});
