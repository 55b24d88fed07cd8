/**
 * Points at which to kill a process, to the statement: triggers on every table that an order or an import touches. Each
 * names the write that is about to happen, and waits there for as long as the test holds it. So "between two steps" is
 * not a matter of luck, and production knows nothing of it.
 */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { untilAnswer } from './until.ts';

/** The class of our advisory locks; each hold's number is the object. */
const LOCK = 4242;

const TABLES = `
  select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and not c.relispartition
     and (n.nspname in ('order', 'inventory', 'payment', 'notification', 'product', 'pricing') or c.oid = 'platform.event_log'::regclass
          or c.oid in ('dbos.operation_outputs'::regclass, 'dbos.workflow_status'::regclass, 'dbos.notifications'::regclass))`;

const INSTALL = `
create schema chaos;
create table chaos.hold (id int generated always as identity, subject text, point text);
create table chaos.trace (n bigint generated always as identity, subject text, point text);

-- Whose order or import a row is about: its customer or its merchant. Ids say what they are of, so any row will do.
create function chaos.subject_of(line text) returns text language sql stable as $$
  with id as (select coalesce(
    substring(line from 'order_[0-9a-z]{26}'),
    (select order_id from payment.payment where payment.id = substring(line from 'payment_[0-9a-z]{26}')),
    (select reference from inventory.reservation where reservation.id = substring(line from 'reservation_[0-9a-z]{26}'))) as id)
  select coalesce((select customer_id from "order".orders where orders.id = (select id from id)), substring(line from 'customer_[0-9a-z]{26}'),
    substring(line from 'merchant_[0-9a-z]{26}'),
    (select merchant_id from product.import where import.id = substring(line from 'import_[0-9a-z]{26}')),
    (select merchant_id from product.product where product.id = substring(line from 'product_[0-9a-z]{26}')),
    (select p.merchant_id from product.variant v join product.product p on p.id = v.product_id where v.id = substring(line from 'variant_[0-9a-z]{26}')))
$$;

create function chaos.pass() returns trigger language plpgsql set lock_timeout = 0 as $$
declare
  line text := case tg_op when 'DELETE' then old::text else new::text end;
  row_is jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  who text := chaos.subject_of(line);
  name text;
  held int;
begin
  if who is not null then
    name := concat_ws(' ', lower(tg_op), tg_table_schema || '.' || regexp_replace(tg_table_name, '_[0-9]+$', ''),
      split_part(row_is ->> 'workflow_uuid', ':', 1), row_is ->> 'function_name', row_is ->> 'operation', row_is ->> 'type', row_is ->> 'kind',
      row_is ->> 'template', row_is ->> 'status', row_is ->> 'pending',
      -- A saga may keep several stretches of steps: each is told by its first.
      case when row_is ->> 'function_name' = '(steps)' then (row_is ->> 'output')::jsonb #>> '{json,steps,0,step}' end,
      -- An order has other versions when it hears of its payment sooner or later.
      case when tg_table_schema = 'order' or row_is ->> 'type' like 'order.%' then null
        else 'v' || coalesce(row_is ->> 'version', row_is ->> 'aggregate_version') end);
    insert into chaos.trace (subject, point) values (who, name);
    select id into held from chaos.hold where subject = who and point = name;
    if found then perform pg_advisory_xact_lock_shared(${LOCK}, held); end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;

do $$
declare name regclass;
begin
  for name in ${TABLES} loop
    execute format('create trigger crash_point before insert or update or delete on %s for each row execute function chaos.pass()', name);
  end loop;
end $$`;

/** Installs the triggers. */
export async function installCrashPoints(kysely: Kysely<any>): Promise<void> {
  await sql.raw(INSTALL).execute(kysely);
}

/** The writes that the orders of this customer, or the imports of this merchant, led to, in order, each once. */
export async function pointsOf(kysely: Kysely<any>, subject: string): Promise<string[]> {
  const rows = await kysely
    .selectFrom('chaos.trace')
    .select('point')
    .where('subject', '=', subject)
    .orderBy('n')
    .execute();
  return [...new Set(rows.map((row) => row.point as string))];
}

/** Forgets the trace so far: only later writes are of interest. */
export const forgetTrace = (kysely: Kysely<any>) => kysely.deleteFrom('chaos.trace').execute();

/** Holds each of these subjects' writes at its point, until the process has been killed there. */
export async function killAt(
  kysely: Kysely<any>,
  points: readonly { subject: string; point: string }[],
  { act, kill }: { act(): void; kill(): Promise<void> },
): Promise<void> {
  await kysely.connection().execute(async (session) => {
    const holds = await session
      .insertInto('chaos.hold')
      .values([...points])
      .returning(['id', 'point'])
      .execute();
    for (const { id } of holds)
      await sql`select pg_advisory_lock(${sql.raw(String(LOCK))}, ${sql.raw(String(id))})`.execute(session);
    try {
      act();
      await untilAnswer(
        () => missing(session, holds),
        (names) => names.length === 0,
        'nobody comes to these points',
      );
      await kill();
      await session.deleteFrom('chaos.hold').execute();
    } finally {
      await sql`select pg_advisory_unlock_all()`.execute(session);
    }
  });
}

async function missing(session: Kysely<any>, holds: readonly { id: number; point: string }[]): Promise<string[]> {
  const { rows } = await sql<{ id: number }>`
    select objid::int as id from pg_locks where locktype = 'advisory' and classid = ${sql.raw(String(LOCK))} and not granted`.execute(
    session,
  );
  const here = new Set(rows.map((row) => row.id));
  return holds.filter((hold) => !here.has(hold.id)).map((hold) => hold.point);
}
