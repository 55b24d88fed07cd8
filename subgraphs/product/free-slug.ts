import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import type { Tables } from './entities.ts';
import { firstFree, numbered, stemOf, type WantedSlug } from './slug.ts';

/**
 * Makes those wait for one another who may come to want the same slug. Every write of a slug takes it, also of one that
 * was given: what is free to the holder stays free until it commits.
 */
export const slugLock = (slug: string): string => `slug:${stemOf(slug)}`;

/** The slug itself if it was given, which may be taken; one that is free if it was made of a name. */
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
