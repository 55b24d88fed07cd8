import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableProducts } from './access.ts';
import type { ProductQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const productLoaders = (queries: ProductQueries) => ({
  product: loadOne(
    (ids, { actor }) => queries.byIds(ids, readableProducts(actor)),
    (row) => row.id,
  ),
  variant: loadOne(
    (ids, { actor }) => queries.variantsByIds(ids, readableProducts(actor)),
    (row) => row.id,
  ),
  variantsOf: loadMany(
    (productIds) => queries.variantsOf(productIds),
    (row) => row.productId,
  ),
  category: loadOne(
    (ids) => queries.categoriesByIds(ids),
    (row) => row.id,
  ),
  categoriesBelow: loadMany(
    (ids) => queries.categoriesBelow(ids),
    (row) => row.parentId!,
  ),
});

export type ProductLoaders = ReturnType<typeof productLoaders>;
