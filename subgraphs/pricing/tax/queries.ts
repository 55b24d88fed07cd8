import type { Kysely } from 'kysely';
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres';
import type { Tables } from '../entities.ts';
import type { TaxTables, TaxTerritory, TaxZone } from './domain.ts';

/** With the patterns as they stand in the tables. */
type Written<Row extends { postcodes: RegExp }> = Omit<Row, 'postcodes'> & { postcodes: string };
/** A pattern in the tables is of a whole code. */
const compiled = <Row extends { postcodes: string }>(row: Row) => ({
  ...row,
  postcodes: new RegExp(`^(?:${row.postcodes})$`),
});
/** Matches every address of a country. */
const EVERYWHERE = '.*';

/** The reads of tax. */
export const taxQueries = (db: Kysely<Tables>) => ({
  /** What the tables know of a country, in one statement. */
  taxTables: async (country: string): Promise<TaxTables> => {
    const found = (await db
      .selectNoFrom((eb) => [
        jsonObjectFrom(
          eb
            .selectFrom('tax_country')
            .select(['time_zone as timeZone', 'eu_vat_area as euVatArea', 'rounding', 'rounding_mode as roundingMode'])
            .where('country', '=', country),
        ).as('country'),
        jsonArrayFrom(
          eb
            .selectFrom('tax_zone')
            .select(['time_zone as timeZone', 'regions', 'postcodes'])
            .where('country', '=', country)
            .orderBy('time_zone'),
        ).as('zones'),
        jsonArrayFrom(
          eb
            .selectFrom('tax_territory_match as match')
            .innerJoin('tax_territory', 'tax_territory.id', 'match.territory')
            .select(['id', 'rates_of as ratesOf', 'is_taxed as isTaxed', 'eu_vat_area as euVatArea', 'reason'])
            .select(['time_zone as timeZone', 'match.postcodes'])
            .where('match.country', '=', country)
            .orderBy((of) => of('match.postcodes', '=', EVERYWHERE))
            .orderBy('match.postcodes'),
        ).as('territories'),
        jsonArrayFrom(
          eb
            .selectFrom('tax_rate')
            .select(['country as area', 'tax_class as taxClass', 'basis_points as basisPoints'])
            .select('valid_from as validFrom')
            .where((of) =>
              of.or([
                of('country', '=', country),
                of(
                  'country',
                  'in',
                  of
                    .selectFrom('tax_territory_match as match')
                    .innerJoin('tax_territory', 'tax_territory.id', 'match.territory')
                    .select('rates_of')
                    .where('match.country', '=', country),
                ),
              ]),
            ),
        ).as('rates'),
      ])
      .executeTakeFirstOrThrow()) as Omit<TaxTables, 'zones' | 'territories'> & {
      zones: Written<TaxZone>[];
      territories: Written<TaxTerritory>[];
    };
    return { ...found, zones: found.zones.map(compiled), territories: found.territories.map(compiled) };
  },
});

export type TaxQueries = ReturnType<typeof taxQueries>;
