/** The form of exported products. Pure: no I/O, no clock, no randomness. */
import type { ProductRow, ProductVariantRow } from '../entities.ts';
import type { ImportProductInput } from '../resolvers.generated.ts';

/** A product as a line of an export: what an import takes, without what other agents keep. */
export function exportedProduct(
  { name, description, slug, categoryId }: ProductRow,
  variants: readonly ProductVariantRow[],
): string {
  const line = {
    name,
    description,
    slug,
    ...(categoryId !== null && { categoryId }),
    variants: variants.map(({ sku, name: variantName, attributes, taxClass }) => ({
      sku,
      name: variantName,
      attributes: attributes.map((attribute) => ({ name: attribute.name, value: attribute.value })),
      taxClass,
    })),
  } satisfies ImportProductInput;
  return `${JSON.stringify(line)}\n`;
}
