import { defineAgent } from '../../platform/agent/define-agent.ts';
import { pricingDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { importResolvers } from './import/resolvers.ts';
import { pricingLoaders } from './loaders.ts';
import { pricingQueries } from './queries.ts';
import { quoteFor } from './quote.ts';
import { pricingResolvers } from './resolvers.ts';
import { pricingService } from './service.ts';
import { keptTaxTables } from './tax/kept-tables.ts';
import { taxQueries } from './tax/queries.ts';

export default defineAgent({
  name: 'pricing',
  area: 'commerce',
  title: 'Pricing',
  description: 'Prices goods: by channel, currency and time, with shipping, and with tax by destination.',
  skills: [
    {
      id: 'price-variants',
      name: 'Price variants',
      description: 'Gives the effective price of a variant, in a channel and a currency.',
    },
    { id: 'quote', name: 'Quote', description: 'Prices goods with shipping and tax, line by line.' },
    { id: 'maintain-prices', name: 'Maintain prices', description: 'Sets, schedules and removes prices.' },
  ],
  at: import.meta.url,
  entities,
  grants: { MERCHANT: ['write'] },
  emits,
  readsMayLag: true,
  build(agentContext) {
    const { clock, store } = agentContext;
    const queries = pricingQueries(store.read);
    return {
      resolvers: [
        pricingResolvers({
          queries,
          load: pricingLoaders(queries, clock),
          service: pricingService(agentContext),
          quote: quoteFor({ queries, tax: keptTaxTables(taxQueries(store.read), clock), clock }),
        }),
        importResolvers(agentContext),
      ],
      demo: { after: [], load: pricingDemo(store.read) },
    };
  },
});
