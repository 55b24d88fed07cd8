/** The rules of the catalogue. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse, type UserError } from '../../platform/errors.ts';
import { gather } from '../../platform/graphql/refusals.ts';
import { foldText } from '../../platform/text/text.ts';
import type { ProductStatus, TaxClass } from './entities.ts';

/** Variants of one product. */
export const MAX_VARIANTS = 100;
/** Categories directly below one, and at the top: a list of them is whole. */
export const MAX_CHILDREN = 100;
/** Categories within one another, from the top down. */
export const MAX_DEPTH = 20;
const MAX_ATTRIBUTES = 20;

/** The state machine of a product: the statuses that may follow each one. */
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

/** One property of a variant. */
export interface Attribute {
  name: string;
  value: string;
}

/** The fields of a new variant that have rules. */
export interface NewVariant {
  sku: string;
  name: string;
  attributes: readonly Attribute[];
  taxClass: TaxClass;
}

/** The variant with its attributes as they are stored. @throws Refusal INVALID_INPUT for a wrong SKU or attribute */
export function checkVariant<V extends NewVariant>(
  variant: V,
  path: readonly string[],
): V & { attributes: Attribute[] } {
  if (!/^[\w./-]+$/.test(variant.sku))
    throw refuse('INVALID_INPUT', 'A SKU has letters, digits, and any of . _ / -, and nothing else.', [...path, 'sku']);
  return { ...variant, attributes: checkAttributes(variant.attributes, [...path, 'attributes']) };
}

function checkAttributes(attributes: readonly Attribute[], path: readonly string[]): Attribute[] {
  if (attributes.length > MAX_ATTRIBUTES)
    throw refuse('INVALID_INPUT', `A variant has at most ${MAX_ATTRIBUTES} attributes.`, path);
  const names = new Set<string>();
  return attributes.map(({ name, value }, index) => {
    if (names.has(foldText(name)))
      throw refuse('INVALID_INPUT', `There is an attribute ${name} already.`, [...path, String(index), 'name']);
    names.add(foldText(name));
    return { name, value };
  });
}

/**
 * Checks the variants of a new product. Every mistake is reported at its path, not only the first.
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
  for (const [index, variant] of checked.entries()) {
    const { sku } = variant;
    const at = [...path, String(index)];
    if (skus.has(sku))
      errors.push({ code: 'SKU_TAKEN', message: 'Two of these variants have this SKU.', path: [...at, 'sku'] });
    // A variant with a duplicate SKU gets no second error.
    else gather(errors, () => checkDistinct(variant, checked.slice(0, index), at));
    skus.add(sku);
  }
  if (errors.length) throw new Refusal(errors);
  return checked;
}

/** The fields by which a buyer tells variants apart. */
type Distinct = Pick<NewVariant, 'name' | 'attributes'>;

/**
 * A buyer tells variants apart by their attributes: no two have the same ones, in whatever order. Variants without
 * attributes are told apart by their names. Texts that read alike are the same.
 * @throws Refusal INVALID_INPUT at the attributes, or at the name where there are none
 */
export function checkDistinct(
  variant: Distinct,
  others: readonly (Distinct & { sku: string })[],
  path: readonly string[],
): void {
  const key = keyOf(variant);
  const twin = others.find((other) => keyOf(other) === key);
  if (!twin) return;
  const [what, field] = variant.attributes.length ? ['the same attributes', 'attributes'] : ['this name', 'name'];
  throw refuse('INVALID_INPUT', `The variant ${twin.sku} of this product has ${what}.`, [...path, field]);
}

const keyOf = ({ name, attributes }: Distinct): string =>
  JSON.stringify(
    attributes.length
      ? attributes.map((one) => JSON.stringify([foldText(one.name), foldText(one.value)])).sort()
      : foldText(name),
  );

/** Checks that there is room for one more below a category, or at the top. @throws Refusal INVALID_STATE */
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
