import { newId } from '../../../platform/ids.ts';
import type { Work } from '../../../platform/store/store.ts';
import { ImportSchema, type Tables } from '../entities.ts';
import type { CheckedProduct } from './domain.ts';

/** The rows of an import, each with the ids that it will have. */
export const rowsOf = (products: readonly CheckedProduct[]) =>
  products.map(({ slug, variants, ...product }) => ({
    ...product,
    id: newId('product'),
    slug: slug.slug,
    isSlugGiven: slug.isGiven,
    variants: variants.map((variant) => ({ ...variant, id: newId('variant') })),
  }));

/** An import that is accepted. */
interface AcceptedImport {
  importId: string;
  merchantId: string;
  rows: ReturnType<typeof rowsOf>;
  createdAt: Date;
}

/** Begins an import that was accepted: its record, and the saga that carries it out. */
export async function beginImport(
  work: Work<Tables>,
  { importId, merchantId, rows, createdAt }: AcceptedImport,
): Promise<void> {
  await work.insert(ImportSchema, { id: importId, merchantId, products: rows.length, errors: [], createdAt });
  await work.startSaga('importProducts', importId, { importId, merchantId, products: rows });
}
