import { sql, type Kysely } from 'kysely';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import {
  type CategoryRow,
  CategorySchema,
  type ProductRow,
  ProductSchema,
  type ProductStatus,
  type ProductVariantRow,
  type Tables,
  VariantSchema,
} from './entities.ts';

/** A page of products. */
export type ProductConnectionRow = Connection<ProductRow>;

/** A filter of products; every given condition must hold. */
export interface ProductFilter {
  status?: ProductStatus | null;
  categoryId?: string | null;
  merchantId?: string | null;
  ids?: readonly string[] | null;
}

const PRODUCT = columnsOf(ProductSchema);
const VARIANT = columnsOf(VariantSchema);
const CATEGORY = columnsOf(CategorySchema);
/** Limit of lists without pages: variants of one product, children of one category. */
const SHORT_LIST = 100;

/** The room's queries. Those of products take the row filter of their caller. */
export const productQueries = (db: Kysely<Tables>) => ({
  page(filter: ProductFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<ProductConnectionRow> {
    let query = db.selectFrom('product').select(PRODUCT).where(matching(rows));
    if (filter.status != null) query = query.where('status', '=', filter.status);
    if (filter.merchantId != null) query = query.where('merchantId', '=', filter.merchantId);
    if (filter.ids != null) query = query.where('id', '=', anyOf(filter.ids));
    if (filter.categoryId != null) {
      const below = db
        .selectFrom('category')
        .select('id')
        // Not `like`: the id that a client sends is no pattern.
        .where(sql<boolean>`${filter.categoryId}::text = any(string_to_array(btrim(path, '/'), '/'))`);
      query = query.where('categoryId', 'in', below);
    }
    return connect(query, ordering, page);
  },

  byIds: (ids: readonly string[], rows: RowFilter): Promise<ProductRow[]> =>
    db
      .selectFrom('product')
      .select(PRODUCT)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  bySlug: (slug: string, rows: RowFilter): Promise<ProductRow | undefined> =>
    db.selectFrom('product').select(PRODUCT).where('slug', '=', slug).where(matching(rows)).executeTakeFirst(),

  /** A variant is visible if its product is. */
  variantsByIds: (ids: readonly string[], rows: RowFilter): Promise<ProductVariantRow[]> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('variant.id', 'in', [...ids])
      .where('productId', 'in', db.selectFrom('product').select('id').where(matching(rows)))
      .execute(),

  variantBySku: (sku: string, rows: RowFilter): Promise<ProductVariantRow | undefined> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('sku', '=', sku)
      .where('productId', 'in', db.selectFrom('product').select('id').where(matching(rows)))
      .executeTakeFirst(),

  /** Variants of products that the caller has already read. */
  variantsOf: (productIds: readonly string[]): Promise<ProductVariantRow[]> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('productId', 'in', [...productIds])
      .where('position', '<', SHORT_LIST)
      .orderBy('productId')
      .orderBy('position')
      .execute(),

  forSale: (ids: readonly string[]) =>
    db
      .selectFrom('variant')
      .innerJoin('product', 'product.id', 'variant.productId')
      .select([
        'variant.id',
        'variant.sku',
        'variant.taxClass',
        'variant.name as variantName',
        'product.name as productName',
        'product.merchantId',
      ])
      .where('variant.id', 'in', [...ids])
      .where('product.status', '=', 'ACTIVE')
      .execute(),

  categoriesByIds: (ids: readonly string[]): Promise<CategoryRow[]> =>
    db
      .selectFrom('category')
      .select(CATEGORY)
      .where('id', 'in', [...ids])
      .execute(),

  topCategories: (): Promise<CategoryRow[]> =>
    db
      .selectFrom('category')
      .select(CATEGORY)
      .where('parentId', 'is', null)
      .orderBy('position')
      .orderBy('id')
      .limit(SHORT_LIST)
      .execute(),

  categoriesBelow: (parents: readonly string[]): Promise<CategoryRow[]> =>
    db
      .selectFrom('category')
      .select(CATEGORY)
      .where('parentId', 'in', [...parents])
      .where('position', '<', SHORT_LIST)
      .orderBy('position')
      .orderBy('id')
      .execute(),
});

export type ProductQueries = ReturnType<typeof productQueries>;
