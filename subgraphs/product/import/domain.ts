/** The rules of an import of products. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse, type UserError } from '../../../platform/errors.ts';
import { gather } from '../../../platform/graphql/refusals.ts';
import { checkStorable } from '../../../platform/text/text.ts';
import { type Attribute, checkVariants } from '../domain.ts';
import type { ImportProductInput, ImportVariantInput } from '../resolvers.generated.ts';
import { chooseSlug, firstFree, type WantedSlug } from '../slug.ts';

const MAX_PRODUCTS = 100;
const MAX_VARIANTS = 500;
const MAX_QUANTITY = 1_000_000;

/** A row of an import with its slug and its attributes as they are stored. */
export interface CheckedProduct extends Omit<ImportProductInput, 'slug' | 'variants'> {
  slug: WantedSlug;
  variants: (ImportVariantInput & { attributes: Attribute[] })[];
}

/** The path of a row in the input. */
export const rowPath = (product: number): string[] => ['input', 'products', String(product)];
/** The path of a row's variant in the input. */
export const variantPath = (product: number, variant: number): string[] => [
  ...rowPath(product),
  'variants',
  String(variant),
];

/**
 * The checked products, in the order given. Every rule of the saga's steps is checked here, but for the limits of
 * texts, which the schema holds: an accepted import can be carried out, unless the world changes meanwhile.
 * @throws Refusal INVALID_INPUT, SLUG_TAKEN, SKU_TAKEN: all mistakes, each at its row
 */
export function checkImport(products: readonly ImportProductInput[]): CheckedProduct[] {
  const path = ['input', 'products'];
  if (products.length < 1 || products.length > MAX_PRODUCTS)
    throw refuse('INVALID_INPUT', `Give 1 to ${MAX_PRODUCTS} products.`, path);
  const variants = products.reduce((sum, product) => sum + product.variants.length, 0);
  if (variants > MAX_VARIANTS) throw refuse('INVALID_INPUT', `Give at most ${MAX_VARIANTS} variants in all.`, path);
  const errors: UserError[] = [];
  const checked = products.flatMap((product, n) => gather(errors, () => checkProduct(product, n)) ?? []);
  checkTwins(products, errors);
  if (errors.length) throw new Refusal(errors);
  return checked;
}

function checkProduct(product: ImportProductInput, n: number): CheckedProduct {
  const path = rowPath(n);
  const errors: UserError[] = [];
  const { categoryId } = product;
  const slug = gather(errors, () => chooseSlug(product.slug, product.name, path));
  if (categoryId != null) gather(errors, () => checkStorable(categoryId, [...path, 'categoryId']));
  if (product.variants.length === 0)
    errors.push({ code: 'INVALID_INPUT', message: 'Give at least one variant.', path: [...path, 'variants'] });
  const variants = gather(errors, () => checkVariants(product.variants, [...path, 'variants']));
  for (const [m, { stock }] of product.variants.entries()) {
    if (!stock) continue;
    const at = [...variantPath(n, m), 'stock'];
    gather(errors, () => checkStorable(stock.locationId, [...at, 'locationId']));
    if (stock.quantity < 1 || stock.quantity > MAX_QUANTITY)
      errors.push({
        code: 'INVALID_INPUT',
        message: `Give 1 to ${MAX_QUANTITY} units, or leave \`stock\` out if there are none yet.`,
        path: [...at, 'quantity'],
      });
  }
  if (errors.length) throw new Refusal(errors);
  return { ...product, slug: slug!, variants: variants! };
}

/** Refuses a SKU or a given slug that two rows share. A slug that is made of a name gets a number instead. */
function checkTwins(products: readonly ImportProductInput[], errors: UserError[]): void {
  const [slugs, skus] = [new Set<string>(), new Map<string, number>()];
  for (const [n, { slug, variants }] of products.entries()) {
    if (slug != null && slugs.has(slug))
      errors.push({
        code: 'SLUG_TAKEN',
        message: 'Two of these products have this slug.',
        path: [...rowPath(n), 'slug'],
      });
    if (slug != null) slugs.add(slug);
    for (const [m, { sku }] of variants.entries()) {
      // A duplicate within one product has been reported already.
      if ((skus.get(sku) ?? n) !== n)
        errors.push({
          code: 'SKU_TAKEN',
          message: 'Two of these variants have this SKU.',
          path: [...variantPath(n, m), 'sku'],
        });
      else skus.set(sku, n);
    }
  }
}

/** The rows, each with a slug of its own: given slugs stay, those made of names get a free one. */
export function withSlugs<P extends { id: string; slug: string; isSlugGiven: boolean }>(
  products: readonly P[],
  taken: Iterable<string>,
): P[] {
  const given = products.flatMap(({ slug, isSlugGiven }) => (isSlugGiven ? slug : []));
  const used = new Set([...taken, ...given]);
  return products.map((product) => {
    const slug = product.isSlugGiven ? product.slug : firstFree(product.slug, used, product.id);
    used.add(slug);
    return { ...product, slug };
  });
}
