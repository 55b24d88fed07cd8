import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import type { Tables } from './entities.ts';
import { firstFree, numbered, stemOf, type WantedSlug } from './slug.ts';

/**
 * The lock of all slugs of one stem. Every write of a slug takes it, also of a given one, so that a slug which its
 * holder finds free stays free until the commit.
 */
export const slugLock = (slug: string): string => `slug:${stemOf(slug)}`;

/** A given slug as it is, although it may be taken; a free one if it was made of a name. */
export async function freeSlug(
  db: Kysely<Tables>,
  table: 'product' | 'category',
  { slug, isGiven }: WantedSlug,
  id: string,
): Promise<string> {
  if (isGiven) return slug;
  const rows = await db
    .selectFrom(table)
    .select('slug')
    .where('slug', '=', anyOf(numbered(slug)))
    .execute();
  return firstFree(slug, new Set(rows.map((row) => row.slug)), id);
}
