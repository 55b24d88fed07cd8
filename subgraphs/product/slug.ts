/** Slugs: the last part of an address in a shop. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import { toAscii } from '../../platform/text/ascii.ts';

const MAX_LENGTH = 100;
/** So many things of one name are numbered; the next ones have a part of their id. */
const MAX_NUMBER = 20;
/** Shorter than what any suffix leaves of a slug. */
const MAX_STEM = 80;

/** A slug that is to be. */
export interface WantedSlug {
  slug: string;
  /** Whether it must be just this one. One that was made of a name gets a number where it is taken. */
  isGiven: boolean;
  /** Where in the input it comes from. */
  path: readonly string[];
}

/**
 * A slug out of a name, in Latin letters whatever the name is written in: `Crème brûlée` becomes `creme-brulee`,
 * `Щука` becomes `shchuka`. Empty for a name without letters, digits or pictures.
 */
export const slugOf = (name: string): string =>
  fitting(
    toAscii(name)
      .toLowerCase()
      .replace(/[^a-z\d]+/g, '-')
      .replace(/^-+/, ''),
  );

const fitting = (slug: string, length = MAX_LENGTH): string => slug.slice(0, length).replace(/-+$/, '');

/** The slug as given, or made of the name. @throws Refusal INVALID_INPUT at that of both which it comes from */
export function chooseSlug(given: string | null | undefined, name: string, path: readonly string[]): WantedSlug {
  const wanted = given == null ? slugOf(name) : given;
  const at = [...path, given == null ? 'name' : 'slug'];
  if (given == null && !wanted) {
    throw refuse('INVALID_INPUT', 'No slug can be made of this name: give one as `slug`.', at);
  }
  if (!/^[a-z\d]+(-[a-z\d]+)*$/.test(wanted))
    throw refuse('INVALID_INPUT', 'A slug has lower-case letters, digits and single hyphens between them.', at);
  return { slug: wanted, isGiven: given != null, path: at };
}

/** The slugs that are tried for a name, in their order: `tea`, `tea-2`, `tea-3`. */
export const numbered = (slug: string): string[] =>
  Array.from({ length: MAX_NUMBER }, (_, n) => (n === 0 ? slug : withSuffix(slug, String(n + 1))));

/** The first of them that is free; when all are taken, one of its own by the id of what it is for. */
export const firstFree = (slug: string, taken: ReadonlySet<string>, id: string): string =>
  numbered(slug).find((one) => !taken.has(one)) ?? withSuffix(slug, id.slice(-12));

/**
 * What a slug has in common with all that are made of it by numbers, and with those that these are made of: `tea`,
 * `tea-2` and `tea-2-2` have the stem `tea`.
 */
export const stemOf = (slug: string): string => slug.slice(0, MAX_STEM).replace(/(-\d*)+$/, '');

const withSuffix = (slug: string, suffix: string): string =>
  `${fitting(slug, MAX_LENGTH - suffix.length - 1)}-${suffix}`;
