import { defineAgent } from '../../platform/agent/define-agent.ts';
import { own } from './access.ts';
import { endCarts } from './cart/end-carts.ts';
import { cartQueries } from './cart/queries.ts';
import { cartResolvers } from './cart/resolvers.ts';
import { cartService } from './cart/service.ts';
import { orderDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { handlers } from './handlers.ts';
import { orderLoaders } from './loaders.ts';
import { placing } from './place-order.ts';
import { orderQueries, type QueriesFor } from './queries.ts';
import { orderResolvers } from './resolvers.ts';
import { orderService } from './service.ts';

export default defineAgent({
  name: 'order',
  area: 'commerce',
  title: 'Order',
  description: 'Takes orders, keeps them as they were sold, and leads them through their states.',
  skills: [
    {
      id: 'collect-cart',
      name: 'Collect a cart',
      description: 'Keeps the cart of a buyer, with its totals.',
    },
    { id: 'place-order', name: 'Place an order', description: 'Validates, prices and accepts an order, durably.' },
    { id: 'cancel-order', name: 'Cancel an order', description: 'Stops an order and has everything about it undone.' },
    { id: 'track-order', name: 'Track an order', description: 'Shows where an order is, and streams its changes.' },
  ],
  at: import.meta.url,
  entities,
  confined: own,
  emits,
  handlers,
  build(agentContext) {
    const { read, readAs } = agentContext.store;
    const queries = orderQueries(read);
    const queriesFor: QueriesFor = ({ actor }) => orderQueries(readAs(actor));
    const load = orderLoaders(queries, queriesFor);
    const ofCarts = cartQueries(read);
    const carts = cartService(agentContext, ofCarts);
    const placeOrder = placing(agentContext, { carts, queries });
    const service = orderService(agentContext);
    return {
      resolvers: [
        orderResolvers({ agentContext, queries, queriesFor, load, service, placeOrder }),
        cartResolvers(agentContext, { queries: ofCarts, service: carts, orders: load }),
      ],
      handling: service,
      scheduledJobs: [endCarts(agentContext)],
      demo: {
        after: ['product', 'pricing', 'inventory', 'customer', 'identity'],
        load: orderDemo(agentContext, placeOrder),
      },
    };
  },
});
