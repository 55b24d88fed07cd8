import { type Kysely, sql } from 'kysely';
import { numberViolations } from '../../platform/numbers/number-violations.ts';
import { REFUND_NUMBERS } from './numbering.ts';

/**
 * Violations between our payments and the provider's books, and of the numbers of refunds, in sentences; none is the good
 * answer. For tests and audits at rest: an operation in flight is a violation too, since none may be under way then.
 */
export async function paymentViolations(kysely: Kysely<any>): Promise<string[]> {
  const { rows } = await sql<{ violation: string }>`
    with moved as (
      select reference,
             count(*) filter (where kind = 'AUTHORISE') as authorised,
             count(*) filter (where kind = 'CAPTURE') as captures,
             count(*) filter (where kind = 'VOID' and amount_minor > 0) as voids,
             coalesce(sum(amount_minor) filter (where kind = 'CAPTURE'), 0) as captured,
             coalesce(sum(amount_minor) filter (where kind = 'REFUND'), 0) as refunded
        from payment.simulator_entry group by reference),
    refunds as (select payment_id, sum(amount_minor) as refunded from payment.refund where status = 'DONE' group by payment_id)
    select violation from (
      select reference || ' was captured ' || captures || ' times' as violation from moved where captures > 1
      union all
      select reference || ' was both captured and voided' from moved where captures > 0 and voids > 0
      union all
      select reference || ': refunded ' || refunded || ' of ' || captured from moved where refunded > captured
      union all
      select s.reference || ' is known to the provider only' from payment.simulator_payment s
        where not exists (select 1 from payment.payment p where p.id = s.reference)
      union all
      select p.id || ': ' || p.pending || ' is in flight' from payment.payment p where p.pending is not null
      union all
      select r.id || ' is in flight' from payment.refund r where r.status = 'PENDING'
      union all
      select p.id || ' is ' || p.status || ' here, ' || s.status || ' at the provider' from payment.payment p
        join payment.simulator_payment s on s.reference = p.id
       where s.status <> case p.status
               when 'AUTHORIZED' then 'AUTHORISED' when 'REQUIRES_ACTION' then s.status when 'CREATED' then '(nothing)'
               when 'CAPTURED' then 'CAPTURED' when 'PARTIALLY_REFUNDED' then 'CAPTURED' when 'REFUNDED' then 'CAPTURED'
               when 'VOIDED' then 'VOIDED'
               else case when p.authorised_at is not null then 'AUTHORISED' when s.status = 'EXPIRED' then 'EXPIRED' else 'DECLINED' end end
      union all
      select p.id || ' is ' || p.status || ' here, unknown at the provider' from payment.payment p
        where not exists (select 1 from payment.simulator_payment s where s.reference = p.id)
      union all
      select p.id || ': captured ' || p.captured_minor || ' here, ' || coalesce(m.captured, 0) || ' at the provider'
        from payment.payment p left join moved m on m.reference = p.id
       where p.captured_minor <> coalesce(m.captured, 0) or (p.captured_minor > 0 and p.captured_minor <> p.amount_minor)
      union all
      select p.id || ': refunded ' || p.refunded_minor || ' here, ' || coalesce(m.refunded, 0) || ' at the provider'
        from payment.payment p left join moved m on m.reference = p.id left join refunds r on r.payment_id = p.id
       where p.refunded_minor <> coalesce(m.refunded, 0) or p.refunded_minor <> coalesce(r.refunded, 0)
    ) found order by violation limit 100`.execute(kysely);
  const issued = { schema: 'payment', table: 'refund', number: 'number' };
  return [...rows.map((row) => row.violation), ...(await numberViolations(kysely, REFUND_NUMBERS, issued))];
}
