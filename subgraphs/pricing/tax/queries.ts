import type { Kysely } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { type Tables, TaxRateSchema } from '../entities.ts';
import { regionKey, type TaxTables } from './domain.ts';

/** The row with its pattern compiled, which must match a whole postal code. */
const compiled = <Row extends { postcodes: string }>(row: Row) => ({
  ...row,
  postcodes: new RegExp(`^(?:${row.postcodes})$`),
});
/** The pattern of every address of a country. */
const EVERYWHERE = '.*';

/** Queries of the tax tables. */
export const taxQueries = (db: Kysely<Tables>) => ({
  /** The rows of the tax tables about one country, in one statement. */
  taxTables: async (country: string): Promise<TaxTables> => {
    const territories = db
      .selectFrom('tax_territory_match as match')
      .innerJoin('tax_territory', 'tax_territory.id', 'match.territory')
      .where('match.country', '=', country);
    const found = await db
      .selectNoFrom([
        jsonObjectFrom(
          db
            .selectFrom('tax_country')
            .select(['timeZone', 'euVatArea', 'rounding', 'roundingMode'])
            .where('country', '=', country),
        ).as('country'),
        jsonArrayFrom(
          db
            .selectFrom('tax_zone')
            .select(['timeZone', 'regions', 'postcodes'])
            .where('country', '=', country)
            .orderBy('timeZone'),
        ).as('zones'),
        jsonArrayFrom(
          territories
            .select(['id', 'ratesOf', 'isTaxed', 'euVatArea', 'timeZone', 'reason', 'match.postcodes'])
            .orderBy((of) => of('match.postcodes', '=', EVERYWHERE))
            .orderBy('match.postcodes'),
        ).as('territories'),
        jsonArrayFrom(
          db
            .selectFrom('tax_rate')
            .select(columnsOf(TaxRateSchema))
            .where((of) => of.or([of('country', '=', country), of('country', 'in', territories.select('ratesOf'))])),
        ).as('rates'),
      ])
      .executeTakeFirstOrThrow();
    const zones = found.zones.map(({ regions, ...zone }) => ({
      ...compiled(zone),
      regions: new Set(regions.map(regionKey)),
    }));
    return { ...found, zones, territories: found.territories.map(compiled) };
  },
});

export type TaxQueries = ReturnType<typeof taxQueries>;
