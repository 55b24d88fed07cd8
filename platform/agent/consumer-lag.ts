import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Lag of a consumer behind the log. */
export interface ConsumerLag {
  agent: string;
  /** Events that it has yet to handle; 1000 means that many or more. */
  behind: number;
  /** Time at which the oldest of them was appended. */
  oldestAt: string | null;
}

const MAX_COUNTED = 1000;

/** Reads the lag of these consumers, in one statement. `types` has the event types that each of them handles. */
export async function consumerLag(
  kysely: Kysely<any>,
  types: ReadonlyMap<string, readonly string[]>,
): Promise<ConsumerLag[]> {
  const { rows } = await raw<{ consumer: string; behind: bigint; oldest: Date | null }>(
    kysely,
    `select c.consumer, l.behind, l.oldest
       from platform.log_cursor c join jsonb_each($1::jsonb) t on t.key = c.consumer
      cross join lateral (
        select count(*) as behind, min(e.at) as oldest from (
          select at from platform.event_log
           where xid >= c.xid and (xid, position) > (c.xid, c.position)
             and type in (select jsonb_array_elements_text(t.value))
           order by xid, position limit ${MAX_COUNTED}) e) l
      order by c.consumer`,
    [JSON.stringify(Object.fromEntries(types))],
  );
  return rows.map(({ consumer, behind, oldest }) => ({
    agent: consumer,
    behind: Number(behind),
    oldestAt: oldest?.toISOString() ?? null,
  }));
}
