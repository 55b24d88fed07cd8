/** Checks that the stock adds up, by the database alone: for tests of inventory, of sagas and of crashes. */
import { type Kysely, sql } from 'kysely';

/** Violated invariants of the stock, one sentence each. Empty if the ledger, the levels and the reservations agree. */
// biome-ignore lint/suspicious/noExplicitAny: it names its tables itself
export async function inventoryViolations(kysely: Kysely<any>): Promise<string[]> {
  const { rows } = await sql<{ violation: string }>`
    with level as (
      select variant_id, location_id, on_hand, reserved from inventory.stock_level
    ), ledger as (
      select variant_id, location_id, sum(delta) as units from inventory.movement group by 1, 2
    ), promised as (
      select n.variant_id, n.location_id, sum(n.quantity) as units
        from inventory.reservation_line n join inventory.reservation r on r.id = n.reservation_id
       where r.status = 'ACTIVE' group by 1, 2
    ), figure as (
      select variant_id || ' at ' || location_id as place, coalesce(on_hand, 0) as on_hand, coalesce(reserved, 0) as reserved,
             coalesce(ledger.units, 0) as moved, coalesce(promised.units, 0) as promised
        from level full join ledger using (variant_id, location_id) full join promised using (variant_id, location_id)
    )
    select format('%s: %s on hand, but the movements sum to %s', place, on_hand, moved) as violation from figure where on_hand <> moved
    union all
    select format('%s: %s reserved, but the active reservations sum to %s', place, reserved, promised) from figure where reserved <> promised
    union all
    select format('%s: negative: %s on hand, %s reserved', place, on_hand, reserved) from figure where on_hand < 0 or reserved < 0
    union all
    select format('%s: oversold: %s reserved of %s on hand', place, reserved, on_hand) from figure where reserved > on_hand
    union all
    select format('%s: an active reservation without lines', id) from inventory.reservation r
     where status = 'ACTIVE' and not exists (select from inventory.reservation_line n where n.reservation_id = r.id)
     order by 1`.execute(kysely);
  return rows.map((row) => row.violation);
}
