/** The SKUs and slugs that are taken. */
import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import type { UserError } from '../../platform/errors.ts';
import type { Tables } from './entities.ts';

/** A value of the input, with its path. */
export interface Placed {
  value: string;
  path: readonly string[];
}

/** Those of these SKUs that a variant has taken. */
export async function skusTaken(db: Kysely<Tables>, skus: readonly string[]): Promise<ReadonlySet<string>> {
  if (skus.length === 0) return new Set();
  const rows = await db.selectFrom('variant').select('sku').where('sku', '=', anyOf(skus)).execute();
  return new Set(rows.map(({ sku }) => sku));
}

/** Those of these slugs that a product has taken. */
export async function slugsTaken(db: Kysely<Tables>, slugs: readonly string[]): Promise<ReadonlySet<string>> {
  if (slugs.length === 0) return new Set();
  const rows = await db.selectFrom('product').select('slug').where('slug', '=', anyOf(slugs)).execute();
  return new Set(rows.map(({ slug }) => slug));
}

/** A user error for each SKU that is taken. */
export const takenSkuErrors = (placed: readonly Placed[], taken: ReadonlySet<string>): UserError[] =>
  placed.flatMap(({ value, path }) =>
    taken.has(value) ? { code: 'SKU_TAKEN', message: `Another variant has the SKU ${value}.`, path } : [],
  );

/** A user error for each slug that is taken. */
export const takenSlugErrors = (placed: readonly Placed[], taken: ReadonlySet<string>): UserError[] =>
  placed.flatMap(({ value, path }) =>
    taken.has(value) ? { code: 'SLUG_TAKEN', message: `Another product has the slug ${value}.`, path } : [],
  );
