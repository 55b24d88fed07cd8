/** Slugs: the last part of an address in a shop. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import { toAscii } from '../../platform/text/ascii.ts';

const MAX_LENGTH = 100;
/** The highest number at the end of a slug; later ones of the name end with a part of an id. */
const MAX_NUMBER = 20;
/** The length of a stem: shorter than the part of a slug that any suffix leaves. */
const MAX_STEM = 80;

/** The slug that a new or changed product or category asks for. */
export interface WantedSlug {
  slug: string;
  /** Whether the client sent it. A slug that was made of a name gets a number if it is taken. */
  isGiven: boolean;
  /** The path of its source in the input, the slug or the name. */
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

/** The slug as given, or made of the name. @throws Refusal INVALID_INPUT at the path of its source */
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

/** The first free one of `numbered`; when all are taken, one that ends with a part of its owner's id. */
export const firstFree = (slug: string, taken: ReadonlySet<string>, id: string): string =>
  numbered(slug).find((one) => !taken.has(one)) ?? withSuffix(slug, id.slice(-12));

/**
 * The common part of a slug, of those that are numbered from it, and of the one that it was numbered from: `tea`,
 * `tea-2` and `tea-2-2` have the stem `tea`.
 */
export const stemOf = (slug: string): string => slug.slice(0, MAX_STEM).replace(/(-\d*)+$/, '');

const withSuffix = (slug: string, suffix: string): string =>
  `${fitting(slug, MAX_LENGTH - suffix.length - 1)}-${suffix}`;
