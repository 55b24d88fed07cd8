/**
 * All rows that an order left behind in every agent: an effect that happened twice, or not at all, shows as a
 * difference.
 */
import { type Kysely, sql } from 'kysely';

/**
 * The footprint of a customer's only order. Ids and times are left out, so that two orders can be compared; and so is
 * the place, among the rest, at which the order heard of a refund: its consumer may come before or after the saga's
 * end.
 */
export async function footprint(kysely: Kysely<any>, customerId: string): Promise<Record<string, unknown>> {
  const { rows } = await sql<{ footprint: Record<string, unknown> }>`
    with o as (select * from "order".orders where customer_id = ${customerId}),
         p as (select * from payment.payment where order_id in (select id from o)),
         r as (select * from inventory.reservation where reference in (select id from o)),
         m as (select * from notification.message where customer_id = ${customerId}),
         variant as (select variant_id from "order".order_line where order_id in (select id from o)),
         e as (select * from platform.event_log where aggregate_id in (select id from o union select id from p union select id from r union select id from m))
    select jsonb_build_object(
      'orders', (select jsonb_agg(jsonb_build_array(status, payment_status, cancellation_reason, version)) from o),
      'timeline', (select jsonb_agg(type order by position) from "order".timeline_entry
                    where order_id in (select id from o) and type <> 'PAYMENT_REFUNDED'),
      'refunds told', (select count(*) from "order".timeline_entry
                        where order_id in (select id from o) and type = 'PAYMENT_REFUNDED'),
      'sagas', (select jsonb_agg(name || ' ' || status order by name) from dbos.workflow_status
                 where split_part(workflow_uuid, ':', 2) in (select id from o)),
      'reservations', (select jsonb_agg(jsonb_build_array(status, version, n.quantity))
                         from r left join inventory.reservation_line n on n.reservation_id = r.id),
      'stock', (select jsonb_agg(jsonb_build_array(on_hand, reserved)) from inventory.stock_level where variant_id in (select variant_id from variant)),
      'payments', (select jsonb_agg(jsonb_build_array(status, pending, captured_minor, refunded_minor, version)) from p),
      'refunds', (select jsonb_agg(jsonb_build_array(status, amount_minor)) from payment.refund where payment_id in (select id from p)),
      'provider', (select jsonb_agg(jsonb_build_array(kind, amount_minor) order by kind)
                     from payment.simulator_entry where reference in (select id from p)),
      'events', (select jsonb_agg(jsonb_build_array(aggregate_type, n, type, payload ->> 'newStatus') order by aggregate_type, n)
                   from (select *, row_number() over (partition by aggregate_id order by aggregate_version, xid, position) as n
                           from e where type <> 'order.payment_status_changed') as numbered),
      'refunds published', (select count(*) from e where type = 'order.payment_status_changed'),
      'messages', (select jsonb_agg(template order by template) from m)
    ) as footprint`.execute(kysely);
  return rows[0]!.footprint;
}
