/** What operators see of the event log's readers: where each stands, what it could not apply, and what was done about it. */
import { type Kysely, sql } from 'kysely';
import { raw } from '../../../platform/data/raw.ts';
import { type Connection, connect, type PageArgs } from '../../../platform/graphql/connection.ts';
import type { Tables } from '../entities.ts';
import type { ConsumerStatus, DeadLetterFilter, DeadLetterState, EventActionType } from '../resolvers.generated.ts';

/** A consumer as the graph reads it. */
export interface ConsumerRow {
  name: string;
  xid: string;
  position: string;
  generation: string;
  moved_at: Date;
  status: ConsumerStatus;
  backfilled: number;
  has_backfill: boolean;
  waiting: number;
  dead: number;
  /** Of its types, among the next rows of the log. */
  lag_events: number;
  lag_since: Date | null;
}

/** A parked event as the graph reads it. */
export interface DeadLetterRow {
  id: string;
  consumer: string;
  aggregate_key: string;
  state: DeadLetterState;
  attempts: number;
  error: string | null;
  next_at: Date;
  event_id: string;
  type: string;
  source: string;
  correlation_id: string | null;
  occurred_at: string;
  payload: unknown;
}

/** A page of parked events. */
export type DeadLetterConnectionRow = Connection<DeadLetterRow>;

/** Something that an operator did, as the graph reads it. */
export interface EventActionRow {
  id: string;
  at: Date;
  by: string;
  action: EventActionType;
  consumer: string;
  aggregate_key: string | null;
  event_id: string | null;
  event: unknown;
  from_cursor: string | null;
  to_cursor: string | null;
  events: number;
  reason: string;
}

/** A page of them. */
export type EventActionConnectionRow = Connection<EventActionRow>;

const MAX_CONSUMERS = 100;
/** How far ahead of a consumer we look, in rows of the log. */
const LOOK_AHEAD = 10_000;

export const eventsDeskQueries = (db: Kysely<Tables>) => {
  const actions = db as unknown as Kysely<{ event_action: EventActionRow }>;
  const platform = db.withSchema('platform') as unknown as Kysely<{ parked_event: any }>;

  const parked = () =>
    platform.selectFrom((eb) =>
      eb
        .selectFrom('parked_event')
        .select(['consumer', 'aggregate_key', 'state', 'attempts', 'error', 'next_at'])
        .select([
          sql<string>`consumer || ':' || (event->>'id')`.as('id'),
          sql<string>`event->>'id'`.as('event_id'),
          sql<string>`event->>'type'`.as('type'),
          sql<string>`event->>'source'`.as('source'),
          sql<string | null>`event->>'correlation_id'`.as('correlation_id'),
          sql<string>`event->>'at'`.as('occurred_at'),
          sql<unknown>`event->'payload'`.as('payload'),
        ])
        .as('letter'),
    );

  return {
    consumers: async (names?: readonly string[]): Promise<ConsumerRow[]> => {
      const { rows } = await raw<ConsumerRow>(
        db,
        `select c.consumer as name, c.xid::text as xid, c.position::text as position, i.generation, c.moved_at,
                c.status, c.backfilled, c.has_backfill,
                p.waiting, p.dead, l.events as lag_events, l.since as lag_since
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
    },

    deadLetterPage: (filter: DeadLetterFilter, page: PageArgs): Promise<DeadLetterConnectionRow> => {
      let letters = parked().selectAll();
      if (filter.consumer != null) letters = letters.where('consumer', '=', filter.consumer);
      if (filter.state != null) letters = letters.where('state', '=', filter.state);
      return connect(letters, { column: 'id', direction: 'ASC' }, page) as Promise<DeadLetterConnectionRow>;
    },

    actionPage: (filter: { consumer?: string | null }, page: PageArgs): Promise<EventActionConnectionRow> => {
      const all = actions.selectFrom('event_action').selectAll();
      const some = filter.consumer != null ? all.where('consumer', '=', filter.consumer) : all;
      return connect(some, { column: 'at', direction: 'DESC' }, page);
    },

    actionById: (id: string): Promise<EventActionRow> =>
      actions.selectFrom('event_action').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
  };
};

export type EventsDeskQueries = ReturnType<typeof eventsDeskQueries>;
