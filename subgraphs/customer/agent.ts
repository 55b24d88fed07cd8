import { defineAgent } from '../../platform/agent/define-agent.ts';
import { own } from './access.ts';
import { customerDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { customerLoaders } from './loaders.ts';
import { customerQueries, type QueriesFor } from './queries.ts';
import { customerResolvers } from './resolvers.ts';
import { customerService } from './service.ts';
import { ordersOfCustomers } from './statistics/projection.ts';
import { statisticsResolvers } from './statistics/resolvers.ts';

export default defineAgent({
  name: 'customer',
  area: 'commerce',
  title: 'Customer',
  description: 'Keeps customers: their profiles and the addresses that they have things sent to.',
  skills: [
    {
      id: 'keep-profile',
      name: 'Keep a profile',
      description: "Shows and changes a customer's name, e-mail address and telephone number.",
    },
    {
      id: 'keep-addresses',
      name: 'Keep addresses',
      description: 'Adds, changes and removes the addresses of a customer, and knows the default.',
    },
    {
      id: 'order-statistics',
      name: 'Order statistics',
      description:
        'Knows how many orders a customer has placed, what was spent in each currency, and when the last one was.',
    },
  ],
  at: import.meta.url,
  entities,
  confined: own,
  emits,
  projections: [ordersOfCustomers],
  build(agentContext) {
    const { store } = agentContext;
    const queriesFor: QueriesFor = ({ actor }) => customerQueries(store.readAs(actor));
    return {
      resolvers: [
        customerResolvers({
          queriesFor,
          load: customerLoaders(queriesFor),
          service: customerService(agentContext),
        }),
        statisticsResolvers(({ actor }) => store.readAs(actor)),
      ],
      demo: { after: [], load: customerDemo(store) },
    };
  },
});
