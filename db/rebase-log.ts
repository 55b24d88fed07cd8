import type { Kysely } from 'kysely';
import { raw } from '../platform/data/raw.ts';
import { createPartitions } from '../platform/events/partitions.ts';

/**
 * Makes a log that comes from another server fit this one. Its events carry the transaction ids of the old server, and
 * readers go only as far as the oldest transaction of this one: events numbered beyond that would stay unseen, or come
 * in between new ones. So all of them get this transaction's id, and positions in the order that they had; consumers
 * and parked events move with them. The log gets a new generation, so that clients' cursors into the old one are
 * refused. Nothing else may run on the database meanwhile.
 */
export async function rebaseLog(kysely: Kysely<any>): Promise<void> {
  await createPartitions(kysely);
  await kysely.transaction().execute(async (transaction) => {
    const { rows } = await raw<{ columns: string }>(
      transaction,
      `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
        where attrelid = 'platform.event_log'::regclass and attnum > 0 and not attisdropped
          and attname not in ('xid', 'position')`,
    );
    for (const statement of statements(rows[0]!.columns)) await raw(transaction, statement);
  });
}

const statements = (columns: string): string[] => [
  'lock table platform.event_log, platform.log_cursor, platform.parked_event, platform.log_identity',
  `create temporary table moved on commit drop as
     select *, row_number() over (order by xid, position) as place from platform.event_log`,
  'create index on moved (xid, position)',
  'analyze moved',
  'truncate platform.event_log',
  `insert into platform.event_log (xid, position, ${columns}) overriding system value
   select pg_current_xact_id(), place, ${columns} from moved`,
  `select setval(pg_get_serial_sequence('platform.event_log', 'position'), (select coalesce(max(place), 0) + 1 from moved), false)`,
  // The snapshot of a consumer that has just begun holds the old server's numbers: all events that it has not read are
  // new to it.
  `update platform.log_cursor c set xid = pg_current_xact_id(), begun_after = null, position =
     coalesce((select place from moved m where (m.xid, m.position) <= (c.xid, c.position)
                order by m.xid desc, m.position desc limit 1), 0)`,
  // Parked events that the log has dropped already come before everything in it.
  `create temporary table reparked on commit drop as
     select p.consumer, p.aggregate_key, p.xid, p.position, coalesce(m.place,
            -row_number() over (order by p.xid desc, p.position desc)) as place
       from platform.parked_event p left join moved m using (xid, position)`,
  `update platform.parked_event p set xid = pg_current_xact_id(), position = r.place,
          event = event || jsonb_build_object('xid', pg_current_xact_id()::text, 'position', r.place::text)
     from reparked r
    where (p.consumer, p.aggregate_key, p.xid, p.position) = (r.consumer, r.aggregate_key, r.xid, r.position)`,
  // Events older than signatures have none, and are as old now as all the others.
  `update platform.log_identity set generation = substr(md5(gen_random_uuid()::text), 1, 8),
          oldest_xid = pg_current_xact_id(),
          signed_from = (pg_current_xact_id()::text::numeric +
            (exists (select from moved where signature is null and xid < signed_from))::int)::text::xid8`,
];
