import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';

export const ProductStatus = { DRAFT: 'DRAFT', ACTIVE: 'ACTIVE', ARCHIVED: 'ARCHIVED' } as const;
export type ProductStatus = keyof typeof ProductStatus;

export const TaxClass = { STANDARD: 'STANDARD', REDUCED: 'REDUCED', ZERO: 'ZERO' } as const;
export type TaxClass = keyof typeof TaxClass;

export const CategorySchema = defineEntity({
  name: 'Category',
  tableName: 'category',
  properties: {
    id: p.string().primary(),
    slug: p.string(),
    name: p.string(),
    parentId: p.string().nullable(),
    path: p.string(),
    position: p.integer().default(0),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
  },
});

export const ProductSchema = defineEntity({
  name: 'Product',
  tableName: 'product',
  properties: {
    id: p.string().primary(),
    merchantId: p.string(),
    slug: p.string(),
    name: p.string(),
    description: p.text(),
    status: p.enum(() => ProductStatus),
    categoryId: p.string().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const VariantSchema = defineEntity({
  name: 'Variant',
  tableName: 'variant',
  properties: {
    id: p.string().primary(),
    productId: p.string(),
    sku: p.string(),
    name: p.string(),
    attributes: p.json<{ name: string; value: string }[]>().defaultRaw(`'[]'`),
    taxClass: p.enum(() => TaxClass).default('STANDARD'),
    position: p.integer(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
  },
});

/** An error of a refused import, with its path in the input. */
export interface ImportError {
  code: string;
  message: string;
  path: string[];
}

export const ImportSchema = defineEntity({
  name: 'Import',
  tableName: 'import',
  properties: {
    id: p.string().primary(),
    merchantId: p.string(),
    products: p.integer(),
    refusal: p.string().nullable(),
    errors: p.json<ImportError[]>().defaultRaw(`'[]'`),
    createdAt: p.datetime(),
  },
});

export const entities = [CategorySchema, ProductSchema, VariantSchema, ImportSchema];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type CategoryRow = RowOf<typeof CategorySchema>;
export type ProductRow = RowOf<typeof ProductSchema>;
export type ProductVariantRow = RowOf<typeof VariantSchema>;
