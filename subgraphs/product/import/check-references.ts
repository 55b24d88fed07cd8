/**
 * Checks the references of an import: categories, SKUs and slugs against our own tables, prices by pricing, locations
 * by inventory. While one of these agents is away the import is not accepted: it might be impossible to carry out as it
 * stands, and nobody would have said so.
 */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { anyOf } from '../../../platform/data/any-of.ts';
import { Refusal, type UserError } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { unknownLocations } from '../commands/inventory.generated.ts';
import { importedPriceProblems } from '../commands/pricing.generated.ts';
import type { Tables } from '../entities.ts';
import { type Placed, skusTaken, slugsTaken, takenSkuErrors, takenSlugErrors } from '../taken.ts';
import { type CheckedProduct, rowPath, variantPath } from './domain.ts';

type Asking = Pick<AgentContext<Tables>, 'store' | 'ask'>;

/** @throws Refusal that names every row @throws Unavailable if pricing or inventory is away */
export async function checkReferences(
  { store, ask }: Asking,
  products: readonly CheckedProduct[],
  within: RequestContext,
): Promise<void> {
  const variants = products.flatMap(({ variants: some }, n) =>
    some.map((variant, m) => ({ ...variant, path: variantPath(n, m) })),
  );
  const found = await Promise.all([unknownCategories(), takenSkus(), takenSlugs(), badPrices(), unknownPlaces()]);
  const errors = found.flat();
  if (errors.length) throw new Refusal(errors);

  async function unknownCategories(): Promise<UserError[]> {
    const placed = products.flatMap(({ categoryId }, n) =>
      categoryId == null ? [] : [{ value: categoryId, path: [...rowPath(n), 'categoryId'] }],
    );
    if (placed.length === 0) return [];
    const ids = store.read
      .selectFrom('category')
      .select('id')
      .where('id', '=', anyOf(valuesOf(placed)));
    const known = new Set((await ids.execute()).map(({ id }) => id));
    return placed.flatMap(({ value, path }) =>
      known.has(value) ? [] : { code: 'NOT_FOUND', message: `There is no category ${shown(value)}.`, path },
    );
  }

  async function takenSkus(): Promise<UserError[]> {
    const placed = variants.map(({ sku, path }) => ({ value: sku, path: [...path, 'sku'] }));
    return takenSkuErrors(placed, await skusTaken(store.read, valuesOf(placed)));
  }

  async function takenSlugs(): Promise<UserError[]> {
    const given = products.flatMap(({ slug }) => (slug.isGiven ? [{ value: slug.slug, path: slug.path }] : []));
    return takenSlugErrors(given, await slugsTaken(store.read, valuesOf(given)));
  }

  async function badPrices(): Promise<UserError[]> {
    const placed = variants.flatMap(({ price, path }) => (price ? [{ value: price, path: [...path, 'price'] }] : []));
    if (placed.length === 0) return [];
    const prices = placed.map(({ value: { amount, currency } }) => ({ amount, currency }));
    const answer = await ask(importedPriceProblems, { prices }, { within });
    return answer.importedPriceProblems.flatMap((problem, index) =>
      problem ? { code: problem.code, message: problem.message, path: placed[index]!.path } : [],
    );
  }

  async function unknownPlaces(): Promise<UserError[]> {
    const placed = variants.flatMap(({ stock, path }) =>
      stock ? [{ value: stock.locationId, path: [...path, 'stock', 'locationId'] }] : [],
    );
    if (placed.length === 0) return [];
    const answer = await ask(unknownLocations, { ids: valuesOf(placed) }, { within });
    const unknown = new Set(answer.unknownLocations);
    return placed.flatMap(({ value, path }) =>
      unknown.has(value) ? { code: 'NOT_FOUND', message: `There is no location ${shown(value)}.`, path } : [],
    );
  }
}

const valuesOf = (placed: readonly Placed[]): string[] => [...new Set(placed.map(({ value }) => value))];

/** An id for a message, cut if it is long. */
const shown = (id: string): string => (id.length > 80 ? `${id.slice(0, 80)}…` : id);
