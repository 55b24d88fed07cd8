/**
 * Plain SQL for changes of stock: the ledger and its sum are written together, by one statement of several parts that
 * takes the row locks in order.
 */
import { type Kysely, sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import { anyOf } from '../../platform/data/any-of.ts';
import type { MovementRow, StockLevelRow, Tables } from './entities.ts';

/** A level as a decision needs it. One that does not exist yet has no units. */
export type Level = Pick<StockLevelRow, 'variantId' | 'locationId' | 'onHand' | 'reserved'>;

/** The product and the merchant of a variant. */
export type Owner = Pick<StockLevelRow, 'productId' | 'merchantId'>;

/** Units that come to a level, or go from it. */
export type Change = Pick<MovementRow, 'locationId' | 'delta'>;

/** The fields that ledger entries of one change have in common. */
export interface Entry extends Pick<MovementRow, 'variantId' | 'type' | 'reason' | 'referenceId' | 'actorId'> {
  owner: Owner;
  now: Date;
}

/** A level after a change. */
export type Changed = Pick<StockLevelRow, 'locationId' | 'onHand' | 'version'>;

/** The variant's levels at these locations; no entry for a location that does not exist. */
export async function levelsAt(
  db: Kysely<Tables>,
  variantId: string,
  locationIds: readonly string[],
): Promise<Map<string, Level>> {
  const levels = await db
    .selectFrom('location')
    .leftJoin('stock_level as level', (join) =>
      join.onRef('level.locationId', '=', 'location.id').on('level.variantId', '=', variantId),
    )
    .select(({ fn, lit }) => [
      'location.id as locationId',
      fn.coalesce('onHand', lit(0)).as('onHand'),
      fn.coalesce('reserved', lit(0)).as('reserved'),
    ])
    .where('location.id', '=', anyOf(locationIds))
    .execute();
  return new Map(levels.map((level) => [level.locationId, { ...level, variantId }]));
}

/** Writes changes of one variant into the ledger and into its levels. The caller holds the lock `stock:<variant>`. */
export async function change(db: Kysely<Tables>, changes: readonly Change[], entry: Entry): Promise<Changed[]> {
  const { variantId, type, reason, referenceId, actorId, now } = entry;
  const { productId, merchantId } = entry.owner;
  const locationIds = changes.map((one) => one.locationId);
  const deltas = changes.map((one) => one.delta);
  // A separate insert: an upsert would check a negative number of units before it finds the row to add it to.
  await db
    .insertInto('stock_level')
    .values(
      [...locationIds].sort().map((locationId) => ({ variantId, locationId, productId, merchantId, updatedAt: now })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
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
      select id, variant_id, location_id, ${merchantId}, delta, ${type}, ${reason}::text, ${referenceId}::text, ${actorId}, ${now}::timestamptz
        from held
    )
    update inventory.stock_level l set on_hand = l.on_hand + held.delta, version = l.version + 1, updated_at = ${now}::timestamptz
      from held where (l.variant_id, l.location_id) = (held.variant_id, held.location_id)
    returning l.location_id as "locationId", l.on_hand as "onHand", l.version`.execute(db);
  return rows;
}
