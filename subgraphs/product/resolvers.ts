import { answering } from '../../platform/graphql/payload.ts';
import { checkOneOf, checkSize } from '../../platform/graphql/arguments.ts';
import { readableProducts } from './access.ts';
import type { ProductLoaders } from './loaders.ts';
import type { ProductQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { ProductService } from './service.ts';

const ORDER = {
  CREATED_AT: { column: 'createdAt' },
  NAME: { column: 'name', collation: 'und-x-icu' },
} as const;

/** The parts that the resolvers call. */
interface Parts {
  queries: ProductQueries;
  load: ProductLoaders;
  service: ProductService;
}

export const productResolvers = ({ queries, load, service }: Parts): Resolvers => ({
  Query: {
    products: (_, { filter, orderBy, ...page }, { actor }) => {
      checkSize(filter?.ids, 100, 'filter.ids');
      const ordering = { ...ORDER[orderBy?.field ?? 'CREATED_AT'], direction: orderBy?.direction ?? 'ASC' } as const;
      return queries.page(filter ?? {}, ordering, page, readableProducts(actor));
    },
    product: async (_, { id, slug }, context) => {
      checkOneOf({ id, slug });
      return id != null
        ? load.product(context).load(id)
        : ((await queries.bySlug(slug!, readableProducts(context.actor))) ?? null);
    },
    productVariant: async (_, { id, sku }, context) => {
      checkOneOf({ id, sku });
      return id != null
        ? load.variant(context).load(id)
        : ((await queries.variantBySku(sku!, readableProducts(context.actor))) ?? null);
    },
    categories: (_, { parentId }, context) =>
      parentId != null ? load.categoriesBelow(context).load(parentId) : queries.topCategories(),
    variantsForSale: async (_, { ids }) => {
      checkSize(ids, 100, 'ids');
      const rows = new Map((await queries.forSale(ids)).map((row) => [row.id, row]));
      return ids.map((id) => {
        const row = rows.get(id);
        return row
          ? {
              id,
              sku: row.sku,
              title: `${row.productName}, ${row.variantName}`,
              merchantId: row.merchantId,
              taxClass: row.taxClass,
            }
          : null;
      });
    },
  },

  Mutation: {
    createProduct: answering('product', load.product)(service.createProduct),
    updateProduct: answering('product', load.product)(service.updateProduct),
    addProductVariant: answering('variant', load.variant)(service.addProductVariant),
    publishProduct: answering('product', load.product)(service.publishProduct),
    archiveProduct: answering('product', load.product)(service.archiveProduct),
    createCategory: answering('category', load.category)(service.createCategory),
  },

  Product: {
    __resolveReference: ({ id }, context) => load.product(context).load(id),
    category: (product, _, context) => (product.categoryId ? load.category(context).load(product.categoryId) : null),
    variants: (product, _, context) => load.variantsOf(context).load(product.id),
  },

  ProductVariant: {
    __resolveReference: ({ id }, context) => load.variant(context).load(id),
    product: async (variant, _, context) => (await load.product(context).load(variant.productId))!,
  },

  Category: {
    __resolveReference: ({ id }, context) => load.category(context).load(id),
    parent: (category, _, context) => (category.parentId ? load.category(context).load(category.parentId) : null),
    children: (category, _, context) => load.categoriesBelow(context).load(category.id),
  },
});
