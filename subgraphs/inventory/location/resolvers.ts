import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { checkSize } from '../../../platform/graphql/arguments.ts';
import { answering } from '../../../platform/graphql/payload.ts';
import type { Tables } from '../entities.ts';
import type { InventoryLoaders } from '../loaders.ts';
import type { InventoryQueries } from '../queries.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { locationService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: InventoryQueries;
  load: InventoryLoaders;
}

/** Resolvers of locations, where stock is kept. */
export const locationResolvers = (agentContext: AgentContext<Tables>, { queries, load }: Parts): Resolvers => {
  const service = locationService(agentContext);
  return {
    Query: {
      locations: () => queries.locations(),
      unknownLocations: async (_, { ids }) => {
        checkSize(ids, 500, 'ids');
        const known = new Set((await queries.locationsByIds(ids)).map(({ id }) => id));
        return ids.filter((id) => !known.has(id));
      },
    },
    Mutation: {
      createLocation: answering('location', load.location)(service.create),
      updateLocation: answering('location', load.location)(service.update),
    },
    Location: {
      __resolveReference: ({ id }, context) => load.location(context).load(id),
    },
  };
};
