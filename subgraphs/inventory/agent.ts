import { defineAgent } from '../../platform/agent/define-agent.ts';
import { createDecisions } from '../../platform/decisions/decisions.ts';
import { inventoryDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { importResolvers } from './import/resolvers.ts';
import { inventoryLoaders } from './loaders.ts';
import { locationResolvers } from './location/resolvers.ts';
import { inventoryQueries } from './queries.ts';
import { reservationResolvers } from './reservation/resolvers.ts';
import { reservationService } from './reservation/service.ts';
import { spreadPolicy } from './reservation/spread-policy.ts';
import { inventoryResolvers } from './resolvers.ts';
import { inventoryService } from './service.ts';

export default defineAgent({
  name: 'inventory',
  area: 'commerce',
  title: 'Inventory',
  description: 'Keeps the stock: levels by location, reservations, and a ledger of every unit that came or went.',
  skills: [
    {
      id: 'tell-availability',
      name: 'Tell availability',
      description: 'Gives the units of a variant that can be bought now.',
    },
    {
      id: 'reserve-stock',
      name: 'Reserve stock',
      description: 'Sets units aside for an order, over as few locations as possible, all or nothing.',
    },
    {
      id: 'maintain-stock',
      name: 'Maintain stock',
      description: 'Corrects and moves stock, and shows the ledger of movements.',
    },
  ],
  at: import.meta.url,
  entities,
  decisions: true,
  grants: { MERCHANT: ['write'] },
  emits,
  build(agentContext) {
    const queries = inventoryQueries(agentContext.store.read);
    const load = inventoryLoaders(queries);
    const decisions = createDecisions(agentContext, [spreadPolicy]);
    return {
      resolvers: [
        inventoryResolvers({ queries, load, service: inventoryService(agentContext) }),
        locationResolvers(agentContext, { queries, load }),
        reservationResolvers(agentContext, decisions),
        decisions.resolvers,
        importResolvers(agentContext),
      ],
      scheduledJobs: [
        { name: 'expire-reservations', everySeconds: 5, run: reservationService(agentContext).expireDue },
        ...decisions.scheduledJobs,
      ],
      demo: { after: [], load: inventoryDemo(agentContext.store.read) },
    };
  },
});
