import { type Kysely, sql } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { UserError } from '../../platform/errors.ts';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { MAX_LOCATIONS } from './domain.ts';
import type { LocationKind, ReservationStatus, StockChangeType, Tables } from './entities.ts';

/** A variant as inventory knows it: by its id. */
export interface ProductVariantRow {
  id: string;
}

/** A location as the graph reads it. */
export interface LocationRow {
  id: string;
  code: string;
  name: string;
  kind: LocationKind;
  city: string;
  country: string;
  priority: number;
  active: boolean;
  version: number;
}

/** A stock level as the graph reads it. */
export interface StockLevelRow {
  variant_id: string;
  location_id: string;
  on_hand: number;
  reserved: number;
  version: number;
  updated_at: Date;
}

/** A movement as the graph reads it. */
export interface MovementRow {
  id: string;
  variant_id: string;
  location_id: string;
  delta: number;
  type: StockChangeType;
  reason: string | null;
  reference_id: string | null;
  actor_id: string;
  created_at: Date;
}

/** A page of movements. */
export type MovementConnectionRow = Connection<MovementRow>;

/** A reservation as the graph reads it. */
export interface ReservationRow {
  id: string;
  reference: string;
  status: ReservationStatus;
  expires_at: Date | null;
}

/** What became of a reservation. It is read only if it is asked for: a saga asks for the user errors alone. */
export interface ReservationPayloadRow {
  reservationId?: string;
  userErrors: UserError[];
}

/** A reservation's line as the graph reads it. */
export interface ReservationLineRow {
  reservation_id: string;
  variant_id: string;
  location_id: string;
  quantity: number;
}

/** What is free of a variant. */
export interface FreeUnits {
  variant_id: string;
  available: number;
}

/** Which movements; all that is given must hold. */
export interface MovementFilter {
  variantId?: string | null;
  locationId?: string | null;
  type?: StockChangeType | null;
}

const LOCATION = ['id', 'code', 'name', 'kind', 'city', 'country', 'priority', 'active', 'version'] as const;
const LEVEL = ['variant_id', 'location_id', 'on_hand', 'reserved', 'stock_level.version', 'updated_at'] as const;
const MOVEMENT = [
  'id',
  'variant_id',
  'location_id',
  'delta',
  'type',
  'reason',
  'reference_id',
  'actor_id',
  'created_at',
] as const;
const NEWEST = { column: 'created_at', direction: 'DESC' } as const;

/** The room's reads. Those of levels and movements take the rows that their caller may see. */
export const inventoryQueries = (db: Kysely<Tables>) => ({
  locations: (): Promise<LocationRow[]> =>
    db.selectFrom('location').select(LOCATION).orderBy('priority').orderBy('id').limit(MAX_LOCATIONS).execute(),

  locationsByIds: (ids: readonly string[]): Promise<LocationRow[]> =>
    db.selectFrom('location').select(LOCATION).where('id', '=', anyOf(ids)).execute(),

  /** At most one a location, by priority. */
  levelsOf: (variantIds: readonly string[], rows: RowFilter): Promise<StockLevelRow[]> =>
    db
      .selectFrom('stock_level')
      .innerJoin('location', 'location.id', 'location_id')
      .select(LEVEL)
      .where('variant_id', 'in', [...variantIds])
      .where(matching(rows))
      .orderBy('priority')
      .orderBy('location_id')
      .execute(),

  movements(filter: MovementFilter, page: PageArgs, rows: RowFilter): Promise<MovementConnectionRow> {
    let query = db.selectFrom('movement').select(MOVEMENT).where(matching(rows));
    if (filter.variantId != null) query = query.where('variant_id', '=', filter.variantId);
    if (filter.locationId != null) query = query.where('location_id', '=', filter.locationId);
    if (filter.type != null) query = query.where('type', '=', filter.type);
    return connect(query, NEWEST, page);
  },

  /** What is free at active locations. No row for a variant that none is known of. */
  async availability(variantIds: readonly string[]): Promise<FreeUnits[]> {
    // An array, not a list of parameters: one text, which the connection prepares, for any number of variants.
    const { rows } = await sql<FreeUnits>`
      select l.variant_id, sum(l.on_hand - l.reserved)::int as available
        from inventory.stock_level l join inventory.location p on p.id = l.location_id
       where l.variant_id = any(${variantIds}::text[]) and p.active
       group by l.variant_id`.execute(db);
    return rows;
  },

  reservation: (id: string): Promise<ReservationRow | undefined> =>
    db
      .selectFrom('reservation')
      .select(['id', 'reference', 'status', 'expires_at'])
      .where('id', '=', id)
      .executeTakeFirst(),

  linesOf: (reservationIds: readonly string[]): Promise<ReservationLineRow[]> =>
    db
      .selectFrom('reservation_line')
      .select(['reservation_id', 'variant_id', 'location_id', 'quantity'])
      .where('reservation_id', 'in', [...reservationIds])
      .orderBy('variant_id')
      .orderBy('location_id')
      .execute(),
});

export type InventoryQueries = ReturnType<typeof inventoryQueries>;
