/**
 * The checker of a run: it knows the requests of the clients and their answers, and the database, and shares nothing
 * with the code that it judges. To be run at rest, with nothing under way: `node bin/agora.mjs tests/chaos/checker.ts
 * <history> <url>`.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { inventoryViolations } from '../support/inventory-violations.ts';
import type { Entry } from './history.ts';

/** Most violations reported for each rule. */
const MOST = 20;

/** Checks all rules. The violations, a sentence each; none is the good answer. */
export async function violationsOf(kysely: Kysely<any>, history: readonly Entry[]): Promise<string[]> {
  const found = contradictions(history);
  const told = toldBy(history);
  for (const [name, rule] of Object.entries(RULES)) {
    const { rows } = await sql<{ violation: string }>`
      with ${told} select violation from (${rule}) broken limit ${MOST}`.execute(kysely);
    found.push(...rows.map(({ violation }) => `${name}: ${violation}`));
  }
  const stock = await inventoryViolations(kysely);
  return [...found, ...stock.slice(0, MOST).map((violation) => `stock: ${violation}`)];
}

/** Violations that show without a database: two answers to one key. */
function contradictions(history: readonly Entry[]): string[] {
  const answers = new Map<string, string>();
  const found: string[] = [];
  for (const entry of history) {
    if (entry.kind !== 'accepted') continue;
    const before = answers.get(entry.key);
    if (before && before !== entry.orderId)
      found.push(`answers: ${entry.key} was answered with ${before} and with ${entry.orderId}`);
    answers.set(entry.key, entry.orderId);
  }
  return found;
}

/** The history as tables of a `with` clause. */
function toldBy(history: readonly Entry[]): RawBuilder<unknown> {
  const sent = JSON.stringify(history.filter(({ kind }) => kind === 'sent'));
  const accepted = JSON.stringify(history.filter(({ kind }) => kind === 'accepted'));
  return sql`
    sent as (select distinct on (key) * from jsonb_to_recordset(${sent}::jsonb)
               as line(key text, "customerId" text, token text, lines jsonb, ends text)),
    accepted as (select distinct key, "orderId" as id from jsonb_to_recordset(${accepted}::jsonb) as line(key text, "orderId" text)),
    kept as (select key, outcome ->> 'orderId' as id from "order".idempotency where operation = 'placeOrder'),
    ours as (select * from "order".orders where customer_id in (select "customerId" from sent) or id in (select id from accepted)),
    moved as (select reference, count(*) filter (where kind = 'AUTHORISE') as authorised,
                     count(*) filter (where kind = 'CAPTURE') as captures, count(*) filter (where kind = 'VOID') as voids,
                     coalesce(sum(amount_minor) filter (where kind = 'CAPTURE'), 0) as captured,
                     coalesce(sum(amount_minor) filter (where kind = 'REFUND'), 0) as refunded
                from payment.simulator_entry group by reference)`;
}

/** The rules: each is a query that gives a column `violation`, over the tables above and the database's own. */
const RULES: Readonly<Record<string, RawBuilder<unknown>>> = {
  lost: sql`
    select id || ' was accepted and is not there' as violation from accepted where id not in (select id from "order".orders)
    union all select id || ' was accepted and has no saga' from accepted
      where 'placeOrder:' || id not in (select workflow_uuid from dbos.workflow_status)`,

  'not ended': sql`
    select id || ' is ' || status as violation from ours where status in ('PENDING', 'CONFIRMED')
    union all select o.id || ' became ' || o.status || ', not ' || s.ends from sent s join kept k using (key)
      join ours o on o.id = k.id and o.customer_id = s."customerId" where s.ends is not null and o.status <> s.ends`,

  duplicate: sql`
    select o.id || ' is the order of no key that was sent' as violation from ours o
      where not exists (select from kept k join sent s using (key) where k.id = o.id)
    union all select s.key || ' led to ' || count(*) || ' orders' from sent s join ours o on o.customer_id = s."customerId"
      where (select count(*) from sent other where other."customerId" = s."customerId") = 1 group by s.key having count(*) > 1
    union all select a.id || ' was accepted under ' || a.key || ', which is kept for ' || coalesce(k.id, 'nothing')
      from accepted a left join kept k using (key) where k.id is distinct from a.id`,

  altered: sql`
    select o.id || ' has other lines than were sent' as violation
      from sent s join kept k using (key) join ours o on o.id = k.id
     where (select jsonb_object_agg(variant_id, quantity) from "order".order_line where order_id = o.id) is distinct from
           (select jsonb_object_agg(line ->> 'variantId', (line ->> 'quantity')::int) from jsonb_array_elements(s.lines) line)`,

  reservation: sql`
    with promised as (select r.reference, n.variant_id, sum(n.quantity) as units from inventory.reservation r
                        join inventory.reservation_line n on n.reservation_id = r.id where r.status = 'ACTIVE' group by 1, 2),
         sold as (select o.id as reference, n.variant_id, sum(n.quantity) as units from ours o
                    join "order".order_line n on n.order_id = o.id where o.status = 'PROCESSING' group by 1, 2)
    select s.reference || ' was sold ' || s.units || ' of ' || s.variant_id || ', and ' || coalesce(p.units, 0) || ' are set aside' as violation
      from sold s left join promised p using (reference, variant_id) where p.units is distinct from s.units
    union all select id || ' is cancelled and holds stock' from ours where status = 'CANCELLED' and id in (select reference from promised)
    union all select reference || ' holds stock and is no order' from promised where reference not in (select id from "order".orders)`,

  charge: sql`
    select reference || ' was captured ' || captures || ' times' as violation from moved where captures > 1
    union all select reference || ' was captured and voided' from moved where captures > 0 and voids > 0
    union all select reference || ' got ' || refunded || ' back of ' || captured from moved where refunded > captured
    union all select reference || ' is held and neither taken nor let go' from moved where authorised > 0 and captures + voids = 0
    union all select order_id || ' has ' || count(*) || ' payments' from payment.payment group by order_id having count(*) > 1
    union all select o.id || ' was sold for ' || o.total_minor || ', and ' || coalesce(sum(m.captured - m.refunded), 0) || ' were taken'
      from ours o left join payment.payment p on p.order_id = o.id left join moved m on m.reference = p.id
     where o.status in ('PROCESSING', 'CANCELLED') group by o.id, o.status, o.total_minor
    having coalesce(sum(m.captured - m.refunded), 0) <> case o.status when 'PROCESSING' then o.total_minor else 0 end`,

  payment: sql`
    select p.id || ' is waiting for an outcome' as violation from payment.payment p where p.pending is not null
    union all select s.reference || ' is known to the provider only' from payment.simulator_payment s
      where s.reference not in (select id from payment.payment)
    union all select p.id || ' is ' || p.status || ' here and ' || coalesce(s.status, 'unknown') || ' there'
      from payment.payment p left join payment.simulator_payment s on s.reference = p.id
     where not coalesce(case p.status
             when 'CAPTURED' then s.status = 'CAPTURED' and s.refunded_minor = 0 when 'VOIDED' then s.status = 'VOIDED'
             when 'AUTHORIZED' then s.status = 'AUTHORISED' when 'REQUIRES_ACTION' then s.status in ('REQUIRES_ACTION', 'EXPIRED')
             when 'REFUNDED' then s.refunded_minor = s.captured_minor and s.captured_minor > 0
             when 'PARTIALLY_REFUNDED' then s.refunded_minor between 1 and s.captured_minor - 1
             when 'FAILED' then s.status in ('DECLINED', 'EXPIRED', 'AUTHORISED', 'VOIDED') else false end, false)
    union all select p.id || ': ' || p.captured_minor || ' taken, ' || p.refunded_minor || ' given back here; ' ||
        coalesce(m.captured, 0) || ' and ' || coalesce(m.refunded, 0) || ' there'
      from payment.payment p left join moved m on m.reference = p.id
     where (p.captured_minor, p.refunded_minor) is distinct from (coalesce(m.captured, 0), coalesce(m.refunded, 0))
    union all select o.id || ' says ' || o.payment_status || ', its payment ' || p.status from ours o
      join payment.payment p on p.order_id = o.id where o.payment_status <> p.status and o.status in ('PROCESSING', 'CANCELLED')`,

  books: sql`
    with booked as (select p.id, p.captured_minor, p.refunded_minor,
                           case when p.status = 'AUTHORIZED' or (p.status = 'FAILED' and p.authorised_at is not null)
                                then p.amount_minor else 0 end as held_minor,
                           coalesce(a.credits_pending, 0) as held, coalesce(a.credits_posted, 0) as captured,
                           coalesce(a.debits_posted, 0) as refunded
                      from payment.payment p left join payment.ledger_account a on a.id = p.id)
    select id || ': ' || concat_ws('/', held_minor, captured_minor, refunded_minor) || ' held, taken and given back, '
        || concat_ws('/', held, captured, refunded) || ' in the books' as violation
      from booked where (held_minor, captured_minor, refunded_minor) is distinct from (held, captured, refunded)
    union all select ledger || ': debits ' || sum(debits_posted) || ', credits ' || sum(credits_posted)
      from payment.ledger_account group by ledger
    having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)`,

  saga: sql`
    select workflow_uuid || ' is ' || status as violation from dbos.workflow_status
     where workflow_uuid like '%:%' and status <> 'SUCCESS'`,

  'event log': sql`
    select aggregate_type || ' ' || aggregate_id || ' has ' || count(*) || ' events up to version ' || max(aggregate_version) as violation
      from platform.event_log where aggregate_type in ('order', 'reservation', 'message')
     group by aggregate_type, aggregate_id
    having min(aggregate_version) <> 1
        -- That somebody asked to cancel it is a version of an order, and no event.
        or max(aggregate_version) <> count(*) + (select count(*) from "order".orders where id = aggregate_id and cancellation_requested_at is not null)
        or count(distinct aggregate_version) <> count(*)
    union all select aggregate_type || ' ' || aggregate_id || ': version ' || aggregate_version || ' comes after ' || before
      from (select *, lag(aggregate_version) over (partition by aggregate_type, aggregate_id order by xid, position) as before
              from platform.event_log where aggregate_type in ('order', 'reservation', 'message', 'payment')) event
     where before >= aggregate_version
    union all select id || ' is logged ' || count(*) || ' times' from platform.event_log group by id having count(*) > 1
    union all select o.id || ' has version ' || o.version || ', its last event ' || coalesce(max(e.aggregate_version), 0)
      from ours o left join platform.event_log e on e.aggregate_id = o.id group by o.id, o.version
    having o.version is distinct from max(e.aggregate_version)
    union all select consumer || ' parked ' || count(*) || ' events' from platform.parked_event group by consumer`,

  message: sql`
    select order_id || ': ' || template || ' was sent ' || count(*) || ' times' as violation
      from notification.message group by order_id, template having count(*) > 1
    union all select o.id || ' was placed, and its buyer not told' from ours o
      join platform.event_log e on e.aggregate_id = o.id and e.type = 'order.placed'
     where o.customer_id is not null and not exists (select from notification.message m where m.event_id = e.id)
    union all select o.id || ' became ' || o.status || ', and its buyer was not told' from ours o
      join platform.event_log e on e.aggregate_id = o.id and e.type = 'order.status_changed' and e.payload ->> 'newStatus' = o.status
     where o.customer_id is not null and o.status = 'CANCELLED'
       and not exists (select from notification.message m where m.event_id = e.id)`,
};
