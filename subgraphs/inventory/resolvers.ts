import { checkSize } from '../../platform/graphql/arguments.ts';
import { payload } from '../../platform/graphql/payload.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { readableStock } from './access.ts';
import type { LocationRow, StockLevelRow } from './entities.ts';
import type { ImportedStock } from './import/service.ts';
import type { InventoryLoaders } from './loaders.ts';
import type { LocationService } from './location/service.ts';
import type { InventoryQueries } from './queries.ts';
import type { ReservationService } from './reservation/service.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { InventoryService } from './service.ts';

/** What the resolvers call. */
interface Parts {
  queries: InventoryQueries;
  load: InventoryLoaders;
  stock: InventoryService;
  locations: LocationService;
  reservations: ReservationService;
  imported: ImportedStock;
}

export const inventoryResolvers = ({ queries, load, stock, locations, reservations, imported }: Parts): Resolvers => {
  // Read anew after a mutation, not by a loader: an operation may hold several, and each answers with what is there then.
  const levelsAt = async (
    variantId: string,
    locationIds: readonly string[],
    { actor }: RequestContext,
  ): Promise<StockLevelRow[]> => {
    const levels = await queries.levelsOf([variantId], readableStock(actor));
    return locationIds.map((id) => levels.find((level) => level.locationId === id)!);
  };
  const locationNow = async (id: string): Promise<LocationRow> => (await queries.locationsByIds([id]))[0]!;
  const availableOf = async (variantId: string, context: RequestContext): Promise<number> =>
    (await load.availability(context).load(variantId))?.available ?? 0;

  return {
    Query: {
      locations: () => queries.locations(),
      stockLevels: (_, { variantId }, context) => load.levelsOf(context).load(variantId),
      movements: (_, { filter, ...page }, { actor }) => queries.movements(filter ?? {}, page, readableStock(actor)),
      availabilityOf: (_, { variantIds }, context) => {
        checkSize(variantIds, 100, 'variantIds');
        return Promise.all(
          variantIds.map(async (variantId) => ({ variantId, available: await availableOf(variantId, context) })),
        );
      },
      unknownLocations: async (_, { ids }) => {
        checkSize(ids, 500, 'ids');
        const known = new Set((await queries.locationsByIds(ids)).map(({ id }) => id));
        return ids.filter((id) => !known.has(id));
      },
    },

    Mutation: {
      createLocation: (_, { input }, context) =>
        payload(async () => ({ location: await locationNow(await locations.create(input, context)) })),
      updateLocation: (_, { input }, context) =>
        payload(async () => ({ location: await locationNow(await locations.update(input, context)) })),
      adjustStock: (_, { input }, context) =>
        payload(async () => {
          await stock.adjust(input, context);
          const [stockLevel] = await levelsAt(input.variantId, [input.locationId], context);
          return { stockLevel: stockLevel! };
        }),
      transferStock: (_, { input }, context) =>
        payload(async () => {
          await stock.transfer(input, context);
          const [from, to] = await levelsAt(input.variantId, [input.fromLocationId, input.toLocationId], context);
          return { from: from!, to: to! };
        }),
      receiveImportedStock: (_, { input }, context) =>
        payload(async () => {
          await imported.receive(input, context);
          return {};
        }),
      removeImportedStock: (_, { input }, context) =>
        payload(async () => {
          await imported.takeBack(input, context);
          return {};
        }),
      reserveStock: (_, { input }, context) =>
        payload(async () => ({ reservationId: await reservations.reserve(input, context) })),
      releaseReservation: async (_, { input }, context) => ({
        released: false,
        ...(await payload(async () => ({ released: await reservations.release(input, context) }))),
      }),
    },

    ProductVariant: {
      __resolveReference: ({ id }) => ({ id }),
      availability: async ({ id }, _, context) => {
        const available = await availableOf(id, context);
        return { available, isInStock: available > 0 };
      },
    },

    Location: {
      __resolveReference: ({ id }, context) => load.location(context).load(id),
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

    ReservationPayload: {
      reservation: async ({ reservationId }) => (reservationId && (await queries.reservation(reservationId))) || null,
    },

    Reservation: {
      lines: (reservation, _, context) => load.linesOf(context).load(reservation.id),
    },
  };
};
