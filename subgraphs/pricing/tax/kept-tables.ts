import type { Clock } from '../../../platform/clock.ts';
import { LruCache } from '../../../platform/lru-cache.ts';
import type { TaxTables } from './domain.ts';
import type { TaxQueries } from './queries.ts';

/** How old what is known of a country may be: tables of tax change with a release, or rarely. */
export const MAX_AGE_MS = 60_000;
/** More than there are countries. */
const MOST = 500;

/** The tables of tax as they were at most a minute ago, so that not every quote reads them and makes out their patterns. */
export const keptTaxTables = ({ taxTables }: TaxQueries, clock: Clock): TaxQueries => {
  const kept = new LruCache<{ tables: TaxTables; readAt: number }>({ entries: MOST, weight: MOST });
  return {
    async taxTables(country) {
      const now = clock.now().getTime();
      const known = kept.get(country);
      // A clock that was set back makes nothing younger.
      if (known && now >= known.readAt && now < known.readAt + MAX_AGE_MS) return known.tables;
      const tables = await taxTables(country);
      kept.set(country, { tables, readAt: now }, 1);
      return tables;
    },
  };
};
