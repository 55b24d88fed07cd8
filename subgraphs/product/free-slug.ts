import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import type { Tables } from './entities.ts';
import { firstFree, numbered, type WantedSlug } from './slug.ts';

/** Makes those who want a slug for the same name wait for one another. */
export const slugLock = ({ slug }: WantedSlug): string => `slug:${slug}`;

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
