/** The rules of the catalogue. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse, type UserError } from '../../platform/errors.ts';
import { gather } from '../../platform/graphql/refusals.ts';
import { checkName, checkText, foldCase } from '../../platform/text/text.ts';
import type { ProductStatus, TaxClass } from './entities.ts';

/** Variants of one product. */
export const MAX_VARIANTS = 100;
/** Categories directly below one, and at the top: a list of them is whole. */
export const MAX_CHILDREN = 100;
/** Categories within one another, from the top down. */
export const MAX_DEPTH = 20;
const MAX_ATTRIBUTES = 20;
const MAX_DESCRIPTION = 10_000;

/** Where a product may go from each status. */
const TRANSITIONS: Record<ProductStatus, readonly ProductStatus[]> = {
  DRAFT: ['ACTIVE', 'ARCHIVED'],
  ACTIVE: ['ARCHIVED'],
  ARCHIVED: ['ACTIVE'],
};

/** The status after a change; the same status again is no change and no error. @throws Refusal INVALID_STATE, INVALID_INPUT */
export function changeStatus(product: { status: ProductStatus }, to: ProductStatus, variants: number): ProductStatus {
  if (product.status === to) return to;
  if (!TRANSITIONS[product.status].includes(to)) {
    throw refuse('INVALID_STATE', `A product that is ${product.status} cannot become ${to}.`, ['input', 'id']);
  }
  if (to === 'ACTIVE' && variants === 0) {
    throw refuse(
      'INVALID_INPUT',
      'A product needs at least one variant before it can be sold: add one with addProductVariant.',
      ['input', 'id'],
    );
  }
  return to;
}

/** The description, as it was written. @throws Refusal INVALID_INPUT */
export const checkDescription = (description: string, path: readonly string[]): string =>
  checkText(description, [...path, 'description'], { min: 0, max: MAX_DESCRIPTION });

/** One property of a variant. */
export interface Attribute {
  name: string;
  value: string;
}

/** What a new variant may look like. */
export interface NewVariant {
  sku: string;
  name: string;
  attributes: readonly Attribute[];
  taxClass: TaxClass;
}

/** The variant with its texts as they are kept. @throws Refusal INVALID_INPUT for a variant that cannot be */
export function checkVariant<V extends NewVariant>(
  variant: V,
  path: readonly string[],
): V & { attributes: Attribute[] } {
  if (!/^[\w./-]{1,64}$/.test(variant.sku)) {
    throw refuse('INVALID_INPUT', 'A SKU has 1 to 64 letters, digits, and any of . _ / -.', [...path, 'sku']);
  }
  const name = checkName(variant.name, [...path, 'name']);
  return { ...variant, name, attributes: checkAttributes(variant.attributes, [...path, 'attributes']) };
}

function checkAttributes(attributes: readonly Attribute[], path: readonly string[]): Attribute[] {
  if (attributes.length > MAX_ATTRIBUTES)
    throw refuse('INVALID_INPUT', `A variant has at most ${MAX_ATTRIBUTES} attributes.`, path);
  const names = new Set<string>();
  return attributes.map((attribute, index) => {
    const at = [...path, String(index)];
    const name = checkName(attribute.name, [...at, 'name'], { max: 100 });
    const value = checkName(attribute.value, [...at, 'value'], { max: 500 });
    if (names.has(foldCase(name)))
      throw refuse('INVALID_INPUT', `There is an attribute ${name} already.`, [...at, 'name']);
    names.add(foldCase(name));
    return { name, value };
  });
}

/**
 * The variants of a new product, each at its place: all that is wrong, not only what is first.
 * @throws Refusal INVALID_INPUT, SKU_TAKEN
 */
export function checkVariants<V extends NewVariant>(
  variants: readonly V[],
  path: readonly string[],
): (V & { attributes: Attribute[] })[] {
  if (variants.length > MAX_VARIANTS)
    throw refuse('INVALID_INPUT', `A product has at most ${MAX_VARIANTS} variants.`, path);
  const errors: UserError[] = [];
  const checked = variants.flatMap((variant, index) => {
    const at = [...path, String(index)];
    return gather(errors, () => checkVariant(variant, at)) ?? [];
  });
  if (errors.length) throw new Refusal(errors);
  const skus = new Set<string>();
  for (const [index, { sku, attributes }] of checked.entries()) {
    const at = [...path, String(index)];
    if (skus.has(sku))
      errors.push({ code: 'SKU_TAKEN', message: 'Two of these variants have this SKU.', path: [...at, 'sku'] });
    skus.add(sku);
    gather(errors, () => checkDistinct(attributes, checked.slice(0, index), [...at, 'attributes']));
  }
  if (errors.length) throw new Refusal(errors);
  return checked;
}

/**
 * A buyer tells variants apart by their attributes: no two have the same ones, in whatever order and case. Variants
 * without attributes are told apart by their names.
 * @throws Refusal INVALID_INPUT
 */
export function checkDistinct(
  attributes: readonly Attribute[],
  others: readonly { sku: string; attributes: readonly Attribute[] }[],
  path: readonly string[],
): void {
  if (attributes.length === 0) return;
  const key = keyOf(attributes);
  const twin = others.find((other) => keyOf(other.attributes) === key);
  if (twin) throw refuse('INVALID_INPUT', `The variant ${twin.sku} of this product has the same attributes.`, path);
}

const keyOf = (attributes: readonly Attribute[]): string =>
  JSON.stringify(attributes.map(({ name, value }) => JSON.stringify([foldCase(name), foldCase(value)])).sort());

/** Whether there is room below a category, or at the top. @throws Refusal INVALID_STATE */
export function checkRoomBelow({ depth, children }: { depth: number; children: number }): void {
  const path = ['input', 'parentId'];
  if (depth >= MAX_DEPTH)
    throw refuse(
      'INVALID_STATE',
      `At most ${MAX_DEPTH} categories lie within one another: choose one further up.`,
      path,
    );
  if (children >= MAX_CHILDREN)
    throw refuse(
      'INVALID_STATE',
      `There are ${MAX_CHILDREN} categories ${depth ? 'below this one' : 'at the top'} already: put it below one of them.`,
      path,
    );
}
