import { defineAgent } from '../../platform/agent/define-agent.ts';
import type { Ground } from '../../platform/agent/ground.ts';
import { createPartitions } from '../../platform/events/partitions.ts';
import { entities } from './entities.ts';
import { emits, handlers } from './events.ts';
import { orchestrationLoaders } from './loaders.ts';
import { orchestrationQueries } from './queries.ts';
import { orchestrationResolvers } from './resolvers.ts';
import { cancelOrder } from './sagas/cancel-order.ts';
import { placeOrder } from './sagas/place-order.ts';

/** The event log must always have room for the transactions to come. */
async function makePartitions({ store, log }: Ground): Promise<void> {
  const created = await createPartitions(store.read);
  if (created.length) log.info({ created }, 'event log partitions made');
}

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
  build(ground) {
    const queries = orchestrationQueries(ground.store.read);
    const load = orchestrationLoaders(queries, ground);
    return {
      resolvers: orchestrationResolvers(queries, load, ground),
      handlers,
      duties: [{ name: 'make partitions', everySeconds: 60, run: () => makePartitions(ground) }],
      sagas: [placeOrder, cancelOrder],
      onFailedAttempt: (saga, step, attempt, error) =>
        queries.recordAttempt(saga, step, attempt, error.message.slice(0, 500), ground.clock.now()),
    };
  },
});
