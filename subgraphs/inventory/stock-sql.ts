/** The statements by which stock comes and goes: the ledger and its sum, always together. */
import { type Kysely, sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import type { StockChangeType, Tables } from './entities.ts';

/** A level as a decision needs it. One that does not exist yet has no units. */
export interface Level {
  variantId: string;
  locationId: string;
  onHand: number;
  reserved: number;
}

/** Whose a variant is. */
export interface Owner {
  productId: string;
  merchantId: string;
}

/** Units that come to a level, or go from it. */
export interface Change {
  locationId: string;
  delta: number;
}

/** What is said of changes in the ledger. */
export interface Entry {
  variantId: string;
  owner: Owner;
  type: StockChangeType;
  reason: string | null;
  referenceId: string | null;
  actorId: string;
  now: Date;
}

/** A level after a change. */
export interface Changed {
  locationId: string;
  onHand: number;
  version: number;
}

/** The variant's levels at these locations; no entry for a location that does not exist. */
export async function levelsAt(
  db: Kysely<Tables>,
  variantId: string,
  locationIds: readonly string[],
): Promise<Map<string, Level>> {
  const { rows } = await sql<Level>`
    select ${variantId} as "variantId", p.id as "locationId", coalesce(l.on_hand, 0) as "onHand", coalesce(l.reserved, 0) as reserved
      from inventory.location p
      left join inventory.stock_level l on l.location_id = p.id and l.variant_id = ${variantId}
     where p.id = any(${locationIds}::text[])`.execute(db);
  return new Map(rows.map((level) => [level.locationId, level]));
}

/** Writes changes of one variant into the ledger and into its levels. The caller holds the lock `stock:<variant>`. */
export async function change(db: Kysely<Tables>, changes: readonly Change[], entry: Entry): Promise<Changed[]> {
  const { variantId, owner, type, reason, referenceId, actorId, now } = entry;
  const locationIds = changes.map((one) => one.locationId);
  const deltas = changes.map((one) => one.delta);
  // A statement of its own: an upsert would check a negative number of units before it finds the row to add it to.
  await sql`
    insert into inventory.stock_level (variant_id, location_id, product_id, merchant_id, updated_at)
    select ${variantId}, location_id, ${owner.productId}, ${owner.merchantId}, ${now}::timestamptz
      from unnest(${locationIds}::text[]) as given (location_id) order by location_id
        on conflict do nothing`.execute(db);
  const { rows } = await sql<Changed>`
    with given as (
      select * from unnest(${changes.map(() => newId('movement'))}::text[], ${locationIds}::text[], ${deltas}::int[])
        as given (id, location_id, delta)
    ), held as (
      select l.variant_id, l.location_id, given.id, given.delta
        from inventory.stock_level l join given on l.location_id = given.location_id
       where l.variant_id = ${variantId} order by l.location_id for update of l
    ), entered as (
      insert into inventory.movement (id, variant_id, location_id, merchant_id, delta, type, reason, reference_id, actor_id, created_at)
      select id, variant_id, location_id, ${owner.merchantId}, delta, ${type}, ${reason}::text, ${referenceId}::text, ${actorId}, ${now}::timestamptz
        from held
    )
    update inventory.stock_level l set on_hand = l.on_hand + held.delta, version = l.version + 1, updated_at = ${now}::timestamptz
      from held where (l.variant_id, l.location_id) = (held.variant_id, held.location_id)
    returning l.location_id as "locationId", l.on_hand as "onHand", l.version`.execute(db);
  return rows;
}
