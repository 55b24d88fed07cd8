import { checkSize } from '../../platform/graphql/arguments.ts';
import { payload } from '../../platform/graphql/payload.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { readableStock } from './access.ts';
import type { StockLevelRow } from './entities.ts';
import type { InventoryLoaders } from './loaders.ts';
import type { InventoryQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { InventoryService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: InventoryQueries;
  load: InventoryLoaders;
  service: InventoryService;
}

export const inventoryResolvers = ({ queries, load, service }: Parts): Resolvers => {
  // Read without a loader after a mutation: an operation may hold several, and each answers with its own result.
  const levelsAt = async (
    variantId: string,
    locationIds: readonly string[],
    { actor }: RequestContext,
  ): Promise<StockLevelRow[]> => {
    const levels = await queries.levelsOf([variantId], readableStock(actor));
    return locationIds.map((id) => levels.find((level) => level.locationId === id)!);
  };
  const availableOf = async (variantId: string, context: RequestContext): Promise<number> =>
    (await load.availability(context).load(variantId))?.available ?? 0;

  return {
    Query: {
      stockLevels: (_, { variantId }, context) => load.levelsOf(context).load(variantId),
      movements: (_, { filter, ...page }, { actor }) => queries.movements(filter ?? {}, page, readableStock(actor)),
      availabilityOf: (_, { variantIds }, context) => {
        checkSize(variantIds, 100, 'variantIds');
        return Promise.all(
          variantIds.map(async (variantId) => ({ variantId, available: await availableOf(variantId, context) })),
        );
      },
    },

    Mutation: {
      adjustStock: (_, { input }, context) =>
        payload(async () => {
          await service.adjust(input, context);
          const [stockLevel] = await levelsAt(input.variantId, [input.locationId], context);
          return { stockLevel: stockLevel! };
        }),
      transferStock: (_, { input }, context) =>
        payload(async () => {
          await service.transfer(input, context);
          const [from, to] = await levelsAt(input.variantId, [input.fromLocationId, input.toLocationId], context);
          return { from: from!, to: to! };
        }),
    },

    ProductVariant: {
      __resolveReference: ({ id }) => ({ id }),
      availability: async ({ id }, _, context) => {
        const available = await availableOf(id, context);
        return { available, isInStock: available > 0 };
      },
    },

    StockLevel: {
      variant: (level) => ({ id: level.variantId }),
      location: async (level, _, context) => (await load.location(context).load(level.locationId))!,
      available: (level) => level.onHand - level.reserved,
    },

    Movement: {
      variant: (movement) => ({ id: movement.variantId }),
      location: async (movement, _, context) => (await load.location(context).load(movement.locationId))!,
    },
  };
};
