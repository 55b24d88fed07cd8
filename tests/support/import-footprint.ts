/**
 * All rows that a merchant's imports left behind in every agent: an effect that happened twice, or not at all, shows as
 * a difference.
 */
import { type Kysely, sql } from 'kysely';

/** The footprint of a merchant's only import. Ids and times are left out, so that two imports can be compared. */
export async function importFootprint(kysely: Kysely<any>, merchantId: string): Promise<Record<string, unknown>> {
  const { rows } = await sql<{ footprint: Record<string, unknown> }>`
    with i as (select * from product.import where merchant_id = ${merchantId}),
         p as (select * from product.product where merchant_id = ${merchantId}),
         v as (select * from product.variant where product_id in (select id from p)),
         e as (select * from platform.event_log where payload ->> 'merchantId' = ${merchantId}
                 or aggregate_id in (select id from i union select id from p union select id from v))
    select jsonb_build_object(
      'imports', (select jsonb_agg(jsonb_build_array(products, refusal)) from i),
      'sagas', (select jsonb_agg(name || ' ' || status) from dbos.workflow_status
                 where split_part(workflow_uuid, ':', 2) in (select id from i)),
      'products', (select jsonb_agg(jsonb_build_array(status, version)) from p),
      'variants', (select jsonb_agg(jsonb_build_array(name, version)) from v),
      'prices', (select jsonb_agg(jsonb_build_array(currency, amount_minor)) from pricing.price where variant_id in (select id from v)),
      'stock', (select jsonb_agg(jsonb_build_array(on_hand, reserved)) from inventory.stock_level where merchant_id = ${merchantId}),
      'movements', (select jsonb_agg(jsonb_build_array(type, delta)) from inventory.movement where merchant_id = ${merchantId}),
      'events', (select jsonb_agg(jsonb_build_array(aggregate_type, aggregate_version, type) order by aggregate_type, aggregate_version, type) from e)
    ) as footprint`.execute(kysely);
  return rows[0]!.footprint;
}
