import type { Clock } from '../../../platform/clock.ts';
import { LruCache } from '../../../platform/lru-cache.ts';
import type { TaxTables } from './domain.ts';
import type { TaxQueries } from './queries.ts';

/** The time to live of cached tables: they change with a release, or rarely. */
export const MAX_AGE_MS = 60_000;
/** The most cached countries: more than there are. */
const MOST = 500;

/** A cache of the tax tables for a minute, so that not every quote reads them and compiles their patterns. */
export const keptTaxTables = ({ taxTables }: TaxQueries, clock: Clock): TaxQueries => {
  const kept = new LruCache<{ tables: TaxTables; readAt: number }>({ entries: MOST, weight: MOST });
  return {
    async taxTables(country) {
      const now = clock.now().getTime();
      const known = kept.get(country);
      // An entry from the future, after the clock was set back, is not fresh.
      if (known && now >= known.readAt && now < known.readAt + MAX_AGE_MS) return known.tables;
      const tables = await taxTables(country);
      kept.set(country, { tables, readAt: now }, 1);
      return tables;
    },
  };
};
