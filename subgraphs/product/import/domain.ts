/** What may be imported at once. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse, type UserError } from '../../../platform/errors.ts';
import { checkText, checkVariant, chooseSlug } from '../domain.ts';
import type { ImportProductInput } from '../resolvers.generated.ts';

const MAX_PRODUCTS = 100;
const MAX_VARIANTS = 500;
const MAX_QUANTITY = 1_000_000;

/** The products with their slugs, in the order given. @throws Refusal INVALID_INPUT, SLUG_TAKEN, SKU_TAKEN */
export function checkImport(products: readonly ImportProductInput[]): (ImportProductInput & { slug: string })[] {
  const path = ['input', 'products'];
  if (products.length < 1 || products.length > MAX_PRODUCTS)
    throw refuse('INVALID_INPUT', `Give 1 to ${MAX_PRODUCTS} products.`, path);
  const variants = products.reduce((sum, product) => sum + product.variants.length, 0);
  if (variants > MAX_VARIANTS) throw refuse('INVALID_INPUT', `Give at most ${MAX_VARIANTS} variants in all.`, path);
  const errors: UserError[] = [];
  const gather = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push(...error.userErrors);
    }
  };
  const [slugs, skus] = [new Set<string>(), new Set<string>()];
  const checked = products.map((product, index) => {
    const at = [...path, String(index)];
    let slug = '';
    gather(() => checkText(product.name, 200, [...at, 'name']));
    if (product.description.length > 10_000)
      errors.push({ code: 'INVALID_INPUT', message: 'At most 10,000 characters.', path: [...at, 'description'] });
    gather(() => (slug = chooseSlug(product.slug, product.name)));
    if (slug && slugs.has(slug))
      errors.push({ code: 'SLUG_TAKEN', message: 'Two of these products have this slug.', path: [...at, 'slug'] });
    slugs.add(slug);
    if (product.variants.length === 0)
      errors.push({ code: 'INVALID_INPUT', message: 'Give at least one variant.', path: [...at, 'variants'] });
    for (const [n, variant] of product.variants.entries()) {
      const place = [...at, 'variants', String(n)];
      gather(() => checkVariant(variant, place));
      if (skus.has(variant.sku))
        errors.push({ code: 'SKU_TAKEN', message: 'Two of these variants have this SKU.', path: [...place, 'sku'] });
      skus.add(variant.sku);
      const quantity = variant.stock?.quantity;
      if (quantity !== undefined && (quantity < 1 || quantity > MAX_QUANTITY))
        errors.push({ code: 'INVALID_INPUT', message: `Give 1 to ${MAX_QUANTITY} units.`, path: [...place, 'stock'] });
    }
    return { ...product, slug };
  });
  if (errors.length) throw new Refusal(errors);
  return checked;
}
