import { sql, type Kysely } from 'kysely';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import { anyOf } from '../../platform/data/any-of.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { ProductStatus, Tables, TaxClass } from './entities.ts';

/** A product as the graph reads it. */
export interface ProductRow {
  id: string;
  merchant_id: string;
  slug: string;
  name: string;
  description: string;
  status: ProductStatus;
  category_id: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** A page of products. */
export type ProductConnectionRow = Connection<ProductRow>;

/** A variant as the graph reads it. */
export interface ProductVariantRow {
  id: string;
  product_id: string;
  sku: string;
  name: string;
  attributes: { name: string; value: string }[];
  tax_class: TaxClass;
  version: number;
}

/** A category as the graph reads it. */
export interface CategoryRow {
  id: string;
  slug: string;
  name: string;
  parent_id: string | null;
}

/** Which products; all that is given must hold. */
export interface ProductFilter {
  status?: ProductStatus | null;
  categoryId?: string | null;
  merchantId?: string | null;
  ids?: readonly string[] | null;
}

const PRODUCT = [
  'id',
  'merchant_id',
  'slug',
  'name',
  'description',
  'status',
  'category_id',
  'version',
  'created_at',
  'updated_at',
] as const;
const VARIANT = [
  'variant.id',
  'product_id',
  'sku',
  'variant.name',
  'attributes',
  'tax_class',
  'variant.version',
] as const;
const CATEGORY = ['id', 'slug', 'name', 'parent_id'] as const;
/** Variants of one product, children of one category. */
const SHORT_LIST = 100;

/** The room's reads. Those of products take the rows that their caller may see. */
export const productQueries = (db: Kysely<Tables>) => ({
  page(filter: ProductFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<ProductConnectionRow> {
    let query = db.selectFrom('product').select(PRODUCT).where(matching(rows));
    if (filter.status != null) query = query.where('status', '=', filter.status);
    if (filter.merchantId != null) query = query.where('merchant_id', '=', filter.merchantId);
    if (filter.ids != null) query = query.where('id', '=', anyOf(filter.ids));
    if (filter.categoryId != null) {
      const below = db
        .selectFrom('category')
        .select('id')
        // Not `like`: what a client sends is no pattern.
        .where(sql<boolean>`${filter.categoryId}::text = any(string_to_array(btrim(path, '/'), '/'))`);
      query = query.where('category_id', 'in', below);
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

  /** Visible are the variants of visible products. */
  variantsByIds: (ids: readonly string[], rows: RowFilter): Promise<ProductVariantRow[]> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('variant.id', 'in', [...ids])
      .where('product_id', 'in', db.selectFrom('product').select('id').where(matching(rows)))
      .execute(),

  variantBySku: (sku: string, rows: RowFilter): Promise<ProductVariantRow | undefined> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('sku', '=', sku)
      .where('product_id', 'in', db.selectFrom('product').select('id').where(matching(rows)))
      .executeTakeFirst(),

  /** Of products that the caller has already been given. */
  variantsOf: (productIds: readonly string[]): Promise<ProductVariantRow[]> =>
    db
      .selectFrom('variant')
      .select(VARIANT)
      .where('product_id', 'in', [...productIds])
      .where('position', '<', SHORT_LIST)
      .orderBy('product_id')
      .orderBy('position')
      .execute(),

  forSale: (ids: readonly string[]) =>
    db
      .selectFrom('variant')
      .innerJoin('product', 'product.id', 'variant.product_id')
      .select([
        'variant.id',
        'variant.sku',
        'variant.tax_class',
        'variant.name as variant_name',
        'product.name as product_name',
        'product.merchant_id',
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
      .where('parent_id', 'is', null)
      .orderBy('position')
      .orderBy('id')
      .limit(SHORT_LIST)
      .execute(),

  categoriesBelow: (parents: readonly string[]): Promise<CategoryRow[]> =>
    db
      .selectFrom('category')
      .select(CATEGORY)
      .where('parent_id', 'in', [...parents])
      .where('position', '<', SHORT_LIST)
      .orderBy('position')
      .orderBy('id')
      .execute(),
});

export type ProductQueries = ReturnType<typeof productQueries>;
