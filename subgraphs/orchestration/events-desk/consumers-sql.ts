/** Plain SQL: one statement with lateral joins over the platform's tables of the event log. */
import type { Kysely } from 'kysely';
import { raw } from '../../../platform/data/raw.ts';
import type { ConsumerStatus, ProjectionRebuildStatus } from '../resolvers.generated.ts';

/** A consumer as the graph reads it. */
export interface ConsumerRow {
  name: string;
  xid: string;
  position: string;
  generation: string;
  movedAt: Date;
  status: ConsumerStatus;
  /** Items that its backfill has read. */
  backfilled: number;
  isRebuildable: boolean;
  /** The version of its tables; null for one that is no projection. */
  tablesVersion: number | null;
  rebuild: ProjectionRebuildStatus | null;
  rebuildVersion: number | null;
  parked: number;
  dead: number;
  /** Events of its types among the next rows of the log. */
  lagEvents: number;
  lagSince: Date | null;
}

const MAX_CONSUMERS = 100;
/** Rows of the log that are read ahead of a consumer for its lag. */
const LOOK_AHEAD = 10_000;

/** Reads these consumers, or all. */
export async function readConsumers(db: Kysely<any>, names?: readonly string[]): Promise<ConsumerRow[]> {
  const { rows } = await raw<ConsumerRow>(
    db,
    `select c.consumer as name, c.xid::text as xid, c.position::text as position, i.generation, c.moved_at as "movedAt",
            c.status, c.backfilled, c.has_backfill and c.consumer not like '%.next' as "isRebuildable",
            c.tables_version as "tablesVersion", c.rebuild, c.rebuild_version as "rebuildVersion",
            p.waiting as parked, p.dead, l.events as "lagEvents", l.since as "lagSince"
       from (select * from platform.log_cursor where $1::text[] is null or consumer = any($1)
              order by consumer limit $2) c
      cross join platform.log_identity i
      cross join lateral
        (select count(*) filter (where state = 'WAITING')::int as waiting,
                count(*) filter (where state = 'DEAD')::int as dead
           from platform.parked_event where consumer = c.consumer) p
      cross join lateral
        (select count(*)::int as events, min(at) as since from
          (select type, at from platform.event_log e
            where e.xid >= c.xid and (e.xid, e.position) > (c.xid, c.position)
              and e.xid < pg_snapshot_xmin(pg_current_snapshot())
            order by e.xid, e.position limit $3) ahead
          where type = any(c.types)) l
      order by c.consumer`,
    [names ?? null, MAX_CONSUMERS, LOOK_AHEAD],
  );
  return rows;
}
