import { type Expression, type Kysely, sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Tables } from '../entities.ts';
import type { TaxTables } from './domain.ts';

/** A pattern in the tables is of a whole code. */
const compiled = <Row extends { postcodes: string }>(row: Row) => ({
  ...row,
  postcodes: new RegExp(`^(?:${row.postcodes})$`),
});
/** Matches every address of a country. */
const EVERYWHERE = '.*';

/** The rows of a query as one list, that of none too. */
const orEmpty = <Row>(list: Expression<Row[]>) => sql<Row[]>`coalesce(${list}, '[]')`;

/** The reads of tax. */
export const taxQueries = (db: Kysely<Tables>) => ({
  /** What the tables know of a country, in one statement. */
  taxTables: async (country: string): Promise<TaxTables> => {
    const matches = db
      .selectFrom('tax_territory_match as match')
      .innerJoin('tax_territory as territory', 'territory.id', 'match.territory')
      .where('match.country', '=', country);
    const found = await db
      .selectNoFrom([
        db
          .selectFrom('tax_country')
          .where('country', '=', country)
          .select(({ ref }) =>
            jsonBuildObject({
              timeZone: ref('timeZone'),
              euVatArea: ref('euVatArea'),
              rounding: ref('rounding'),
              roundingMode: ref('roundingMode'),
            }).as('facts'),
          )
          .as('country'),
        db
          .selectFrom('tax_zone')
          .where('country', '=', country)
          .select(({ fn, ref }) => {
            const zone = { timeZone: ref('timeZone'), regions: ref('regions'), postcodes: ref('postcodes') };
            return orEmpty(fn.jsonAgg(jsonBuildObject(zone)).orderBy('timeZone')).as('list');
          })
          .as('zones'),
        matches
          .select(({ eb, fn, ref }) => {
            const territory = {
              id: ref('territory.id'),
              ratesOf: ref('ratesOf'),
              isTaxed: ref('isTaxed'),
              euVatArea: ref('euVatArea'),
              timeZone: ref('timeZone'),
              reason: ref('reason'),
              postcodes: ref('match.postcodes'),
            };
            return orEmpty(
              fn
                .jsonAgg(jsonBuildObject(territory))
                .orderBy(eb('match.postcodes', '=', EVERYWHERE))
                .orderBy('match.postcodes'),
            ).as('list');
          })
          .as('territories'),
        db
          .selectFrom('tax_rate')
          .where((of) => of.or([of('country', '=', country), of('country', 'in', matches.select('ratesOf'))]))
          .select(({ fn, ref }) => {
            const rate = {
              country: ref('country'),
              taxClass: ref('taxClass'),
              basisPoints: ref('basisPoints'),
              validFrom: ref('validFrom'),
            };
            return orEmpty(fn.jsonAgg(jsonBuildObject(rate))).as('list');
          })
          .as('rates'),
      ])
      .executeTakeFirstOrThrow();
    return {
      country: found.country,
      zones: found.zones!.map(compiled),
      territories: found.territories!.map(compiled),
      rates: found.rates!,
    };
  },
});

export type TaxQueries = ReturnType<typeof taxQueries>;
