import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsIn, columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { MAX_LOCATIONS } from './domain.ts';
import {
  type LocationRow,
  LocationSchema,
  type MovementRow,
  MovementSchema,
  type StockChangeType,
  type StockLevelRow,
  StockLevelSchema,
  type Tables,
} from './entities.ts';

/** A variant as inventory knows it: by its id. */
export interface ProductVariantRow {
  id: string;
}

/** A page of movements. */
export type MovementConnectionRow = Connection<MovementRow>;

/** The free units of a variant. */
export interface FreeUnits {
  variantId: string;
  available: number;
}

/** A filter of movements; every given condition must hold. */
export interface MovementFilter {
  variantId?: string | null;
  locationId?: string | null;
  type?: StockChangeType | null;
}

const LOCATION = columnsOf(LocationSchema);
const NEWEST = { column: 'createdAt', direction: 'DESC' } as const;

/** The room's queries. Those of levels and movements take the row filter of their caller. */
export const inventoryQueries = (db: Kysely<Tables>) => ({
  locations: (): Promise<LocationRow[]> =>
    db.selectFrom('location').select(LOCATION).orderBy('priority').orderBy('id').limit(MAX_LOCATIONS).execute(),

  locationsByIds: (ids: readonly string[]): Promise<LocationRow[]> =>
    db.selectFrom('location').select(LOCATION).where('id', '=', anyOf(ids)).execute(),

  /** Levels of variants: at most one per location, by priority. */
  levelsOf: (variantIds: readonly string[], rows: RowFilter): Promise<StockLevelRow[]> =>
    db
      .selectFrom('stock_level')
      .innerJoin('location', 'location.id', 'locationId')
      .select(columnsIn('stock_level', StockLevelSchema))
      .where('variantId', 'in', [...variantIds])
      .where(matching(rows))
      .orderBy('priority')
      .orderBy('locationId')
      .execute(),

  movements(filter: MovementFilter, page: PageArgs, rows: RowFilter): Promise<MovementConnectionRow> {
    let query = db.selectFrom('movement').select(columnsOf(MovementSchema)).where(matching(rows));
    if (filter.variantId != null) query = query.where('variantId', '=', filter.variantId);
    if (filter.locationId != null) query = query.where('locationId', '=', filter.locationId);
    if (filter.type != null) query = query.where('type', '=', filter.type);
    return connect(query, NEWEST, page);
  },

  /** Free units at active locations. A variant without a level has no row. */
  availability: (variantIds: readonly string[]): Promise<FreeUnits[]> =>
    db
      .selectFrom('stock_level')
      .innerJoin('location', 'location.id', 'locationId')
      .select(({ eb, fn, ref }) => [
        'variantId',
        eb.cast<number>(fn.sum(eb('onHand', '-', ref('reserved'))), 'integer').as('available'),
      ])
      .where('variantId', '=', anyOf(variantIds))
      .where('active', '=', true)
      .groupBy('variantId')
      .execute(),
});

export type InventoryQueries = ReturnType<typeof inventoryQueries>;
