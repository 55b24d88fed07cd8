import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableStock } from './access.ts';
import type { InventoryQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const inventoryLoaders = (queries: InventoryQueries) => ({
  availability: loadOne(
    (variantIds) => queries.availability(variantIds),
    (row) => row.variantId,
  ),
  location: loadOne(
    (ids) => queries.locationsByIds(ids),
    (row) => row.id,
  ),
  levelsOf: loadMany(
    (variantIds, { actor }) => queries.levelsOf(variantIds, readableStock(actor)),
    (row) => row.variantId,
  ),
});

export type InventoryLoaders = ReturnType<typeof inventoryLoaders>;
