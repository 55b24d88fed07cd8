/** The rules of the catalogue. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import type { ProductStatus } from './entities.ts';

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

/** A slug out of a name: `Crème brûlée set` becomes `creme-brulee-set`. */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 100)
    .replace(/-+$/, '');

/** A slug as given, or out of the name. @throws Refusal INVALID_INPUT */
export function chooseSlug(given: string | null | undefined, name: string): string {
  const slug = given ?? slugOf(name);
  if (!/^[a-z\d]+(-[a-z\d]+)*$/.test(slug) || slug.length > 100) {
    throw refuse('INVALID_INPUT', 'A slug has 1 to 100 lower-case letters, digits and single hyphens between them.', [
      'input',
      'slug',
    ]);
  }
  return slug;
}

/** What a new variant may look like. */
export interface NewVariant {
  sku: string;
  name: string;
  attributes: readonly { name: string; value: string }[];
}

/** @throws Refusal INVALID_INPUT for a variant that cannot be */
export function checkVariant(variant: NewVariant, path: readonly string[]): void {
  if (!/^[\w./-]{1,64}$/.test(variant.sku)) {
    throw refuse('INVALID_INPUT', 'A SKU has 1 to 64 letters, digits, and any of . _ / -.', [...path, 'sku']);
  }
  checkText(variant.name, 200, [...path, 'name']);
  if (variant.attributes.length > 20)
    throw refuse('INVALID_INPUT', 'A variant has at most 20 attributes.', [...path, 'attributes']);
}

/** Text of 1 to `max` characters. @throws Refusal INVALID_INPUT */
export function checkText(text: string, max: number, path: readonly string[]): void {
  if (text.trim().length === 0 || text.length > max) {
    throw refuse('INVALID_INPUT', `This needs 1 to ${max} characters.`, path);
  }
}
