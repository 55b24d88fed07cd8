import { defineAgent } from '../../platform/agent/define-agent.ts';
import { productDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits } from './events.ts';
import { importResolvers } from './import/resolvers.ts';
import { productLoaders } from './loaders.ts';
import { productQueries } from './queries.ts';
import { productResolvers } from './resolvers.ts';
import { productService } from './service.ts';

export default defineAgent({
  name: 'product',
  area: 'commerce',
  title: 'Product',
  description: 'Keeps the catalogue: products, their variants, and the categories that they are found under.',
  skills: [
    {
      id: 'browse-catalogue',
      name: 'Browse the catalogue',
      description: 'Finds products by id, slug, SKU or category.',
    },
    {
      id: 'maintain-catalogue',
      name: 'Maintain the catalogue',
      description: 'Creates, changes, publishes and archives products.',
    },
  ],
  at: import.meta.url,
  entities,
  grants: { MERCHANT: ['write'] },
  emits,
  readsMayLag: true,
  build(agentContext) {
    const queries = productQueries(agentContext.store.read);
    return {
      resolvers: [
        productResolvers({ queries, load: productLoaders(queries), service: productService(agentContext) }),
        importResolvers(agentContext),
      ],
      demo: { after: [], load: productDemo(agentContext.store.read) },
    };
  },
});
