/**
 * The statements that record deliveries and claim them, in plain SQL: each has several changes in it, or takes a list of
 * any length.
 *
 * LANES. All that writes waiting deliveries, or ends one, locks the row of their lane first (`openLanes`, `holdLane`). So a
 * sender that finds a lane empty, and deletes it, has not overlooked one.
 */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Cursor } from '../events/cursor.ts';
import { circuitSql } from './circuit-sql.ts';
import type { EndpointRow } from './entities.ts';

/** A delivery about to be recorded. */
export interface NewDelivery {
  id: string;
  endpointId: string;
  webhookId: string;
  eventType: string;
  aggregateId: string;
  /** The event's place in the log; null for a webhook that is no event. */
  eventXid: string | null;
  eventPosition: string | null;
  body: string;
}

/** A delivery that is claimed, with what its attempt needs. */
export interface Claimed {
  aggregateId: string;
  /** Null for a lane in which nothing waits. */
  id: string | null;
  webhookId: string;
  eventType: string;
  body: string;
  /** Attempts of the schedule that failed. */
  attempts: number;
  /** All attempts so far. */
  tried: number;
}

/** What a sender asks for. */
export interface Claiming {
  now: Date;
  /** End of the lease. */
  until: Date;
  /** The sender's mark. */
  claim: string;
  limit: number;
  isProbe: boolean;
}

/** An endpoint for which something is to be done. */
export type DueEndpoint = Pick<
  EndpointRow,
  | 'id'
  | 'merchantId'
  | 'url'
  | 'eventTypes'
  | 'secret'
  | 'previousSecret'
  | 'previousUntil'
  | 'resumesAt'
  | 'replayAfter'
> & {
  /** When the first of its lanes is due; null without any. */
  dueAt: Date | null;
};

/** The most attempts of one delivery that are kept: the latest. */
export const MAX_ATTEMPTS_KEPT = 20;

/** The statements on the tables in one agent's schema, with those of circuit-sql.ts. */
export const outboundSql = (agent: string) => {
  const table = (name: string): string => `"${agent}".outbound_${name}`;

  /** Makes the lanes of deliveries that are about to be recorded, and locks those that there are. */
  const openLanes = (
    db: Kysely<any>,
    deliveries: readonly Pick<NewDelivery, 'endpointId' | 'aggregateId'>[],
    now: Date,
  ) =>
    raw(
      db,
      `insert into ${table('lane')} as lane (endpoint_id, aggregate_id, due_at)
       select distinct e.id, d->>'aggregateId', $2::timestamptz
         from jsonb_array_elements($1::jsonb) d join ${table('endpoint')} e on e.id = d->>'endpointId'
        where e.status <> 'DELETED' order by 1, 2
       on conflict (endpoint_id, aggregate_id) do update set due_at = lane.due_at`,
      [JSON.stringify(deliveries.map(({ endpointId, aggregateId }) => ({ endpointId, aggregateId }))), now],
    );

  return {
    /**
     * Records deliveries, in this order, for endpoints that there are. One that is recorded already stays as it is, or,
     * `again`, waits once more, behind those of its aggregate.
     */
    async record(db: Kysely<any>, deliveries: readonly NewDelivery[], { now, again }: { now: Date; again: boolean }) {
      if (deliveries.length === 0) return;
      await openLanes(db, deliveries, now);
      const repeated = again
        ? `update set place = default, status = 'WAITING', attempts = 0, recorded_at = excluded.recorded_at,
             finished_at = null, body = coalesce(nullif(kept.body, ''), excluded.body)`
        : 'nothing';
      await raw(
        db,
        `insert into ${table('delivery')} as kept
           (id, endpoint_id, webhook_id, event_type, aggregate_id, event_xid, event_position, body, status, recorded_at)
         select d->>'id', e.id, d->>'webhookId', d->>'eventType', d->>'aggregateId', (d->>'eventXid')::bigint,
                (d->>'eventPosition')::bigint, d->>'body', 'WAITING', $2
           from jsonb_array_elements($1::jsonb) with ordinality as list(d, n)
           join ${table('endpoint')} e on e.id = d->>'endpointId'
          where e.status <> 'DELETED' order by n
         on conflict (endpoint_id, webhook_id) do ${repeated}`,
        [JSON.stringify(deliveries), now],
      );
    },

    openLanes,

    /** Records deliveries that are not sent, without a body and with the reason; one that waits already stays as it is. */
    async recordRefused(
      db: Kysely<any>,
      deliveries: readonly NewDelivery[],
      { now, error }: { now: Date; error: string },
    ) {
      if (deliveries.length === 0) return;
      await raw(
        db,
        `with refused as (
           insert into ${table('delivery')} as kept
             (id, endpoint_id, webhook_id, event_type, aggregate_id, event_xid, event_position, body, status, recorded_at,
              finished_at)
           select d->>'id', e.id, d->>'webhookId', d->>'eventType', d->>'aggregateId', (d->>'eventXid')::bigint,
                  (d->>'eventPosition')::bigint, '', 'FAILED', $2, $2
             from jsonb_array_elements($1::jsonb) d join ${table('endpoint')} e on e.id = d->>'endpointId'
            where e.status <> 'DELETED'
           on conflict (endpoint_id, webhook_id) do update set status = 'FAILED', finished_at = $2
            where kept.status <> 'WAITING' returning id),
         noted as (
           insert into ${table('attempt')} (delivery_id, number, at, duration_ms, error)
           select id, 1 + coalesce((select max(number) from ${table('attempt')} where delivery_id = refused.id), 0), $2, 0, $3
             from refused returning delivery_id, number)
         delete from ${table('attempt')} a using noted
          where a.delivery_id = noted.delivery_id and a.number <= noted.number - ${MAX_ATTEMPTS_KEPT}`,
        [JSON.stringify(deliveries), now, error],
      );
    },

    /**
     * The enabled endpoints for which something waits, or that replay. It is asked after every attempt, so it steps from
     * lane to lane of another endpoint by their index, and reads no endpoint that has nothing to do.
     */
    async due(db: Kysely<any>): Promise<DueEndpoint[]> {
      const { rows } = await raw<DueEndpoint>(
        db,
        `with recursive waiting as (
           (select endpoint_id, due_at from ${table('lane')} order by endpoint_id, due_at limit 1)
           union all
           select next.* from waiting cross join lateral (
             select endpoint_id, due_at from ${table('lane')} where endpoint_id > waiting.endpoint_id
              order by endpoint_id, due_at limit 1) next),
         wanted as (
           select endpoint_id, min(due_at) as due_at from (
             select endpoint_id, due_at from waiting
             union all select id, null from ${table('endpoint')} where replay_after is not null) either
            group by endpoint_id)
         select e.id, e.merchant_id as "merchantId", e.url, e.event_types as "eventTypes", e.secret,
                e.previous_secret as "previousSecret", e.previous_until as "previousUntil", e.resumes_at as "resumesAt",
                e.replay_after as "replayAfter", l.due_at as "dueAt"
           from wanted l join ${table('endpoint')} e on e.id = l.endpoint_id where e.status = 'ENABLED'`,
      );
      return rows;
    },

    /**
     * Claims due lanes of an endpoint until the end of a lease, and reads the first delivery of each. Of an endpoint that
     * was left alone for a while one is claimed, as its probe, by one process.
     */
    async claim(
      db: Kysely<any>,
      endpointId: string,
      { now, until, claim, limit, isProbe }: Claiming,
    ): Promise<Claimed[]> {
      const { rows } = await raw<Claimed>(
        db,
        `with probe as (
           update ${table('endpoint')} set resumes_at = $3 where $6 and id = $1 and resumes_at <= $2 returning id),
         due as (
           select aggregate_id from ${table('lane')}
            where endpoint_id = $1 and due_at <= $2 and (not $6 or exists (select from probe))
            order by due_at limit $5 for update skip locked),
         claimed as (
           update ${table('lane')} l set due_at = $3, claim = $4 from due
            where l.endpoint_id = $1 and l.aggregate_id = due.aggregate_id returning l.aggregate_id)
         select c.aggregate_id as "aggregateId", d.id, d.webhook_id as "webhookId", d.event_type as "eventType", d.body,
                d.attempts,
                coalesce((select max(number) from ${table('attempt')} where delivery_id = d.id), 0) as tried
           from claimed c left join lateral (
             select * from ${table('delivery')}
              where endpoint_id = $1 and aggregate_id = c.aggregate_id and status = 'WAITING'
              order by place limit 1) d on true`,
        [endpointId, now, until, claim, isProbe ? 1 : limit, isProbe],
      );
      return rows;
    },

    /** Locks a lane. False if the claim is not in force any more. */
    async holdLane(db: Kysely<any>, endpointId: string, aggregateId: string, claim: string): Promise<boolean> {
      const { count } = await raw(
        db,
        `select from ${table('lane')} where endpoint_id = $1 and aggregate_id = $2 and claim = $3 for update`,
        [endpointId, aggregateId, claim],
      );
      return count > 0;
    },

    /** Changes a waiting delivery after an attempt, which is noted with it. */
    async note(
      db: Kysely<any>,
      id: string,
      to: { status: string; attempts: number; finishedAt: Date | null },
      attempt: { at: Date; durationMs: number; statusCode: number | null; error: string | null; answer: string | null },
    ): Promise<void> {
      await raw(
        db,
        `with changed as (
           update ${table('delivery')} set status = $2, attempts = $3, finished_at = $4
            where id = $1 and status = 'WAITING' returning id),
         noted as (
           insert into ${table('attempt')} (delivery_id, number, at, duration_ms, status_code, error, answer)
           select id, 1 + coalesce((select max(number) from ${table('attempt')} where delivery_id = $1), 0),
                  $5, $6, $7, $8, $9
             from changed returning number)
         delete from ${table('attempt')} a using noted
          where a.delivery_id = $1 and a.number <= noted.number - ${MAX_ATTEMPTS_KEPT}`,
        [
          id,
          to.status,
          to.attempts,
          to.finishedAt,
          attempt.at,
          attempt.durationMs,
          attempt.statusCode,
          attempt.error,
          attempt.answer,
        ],
      );
    },

    /** Gives a lane back, due at this time. */
    async giveBack(db: Kysely<any>, endpointId: string, aggregateId: string, dueAt: Date): Promise<void> {
      await raw(
        db,
        `update ${table('lane')} set due_at = $3, claim = null where endpoint_id = $1 and aggregate_id = $2`,
        [endpointId, aggregateId, dueAt],
      );
    },

    /** Deletes a lane in which nothing waits any more. False if something does. */
    async closeLane(db: Kysely<any>, endpointId: string, aggregateId: string): Promise<boolean> {
      const { count } = await raw(
        db,
        `delete from ${table('lane')} where endpoint_id = $1 and aggregate_id = $2
            and not exists (select from ${table('delivery')}
                             where endpoint_id = $1 and aggregate_id = $2 and status = 'WAITING')`,
        [endpointId, aggregateId],
      );
      return count > 0;
    },

    /**
     * Deletes lanes of disabled endpoints in which nothing waits any more, at most so many; no sender comes to close them.
     * They are locked by a statement before, so that a delivery that is being recorded meanwhile is seen. Returns how many.
     */
    async sweepLanes(transaction: Kysely<any>, limit: number): Promise<number> {
      const isEmpty = `not exists (select from ${table('delivery')} d where d.endpoint_id = l.endpoint_id
                                    and d.aggregate_id = l.aggregate_id and d.status = 'WAITING')`;
      const { rows } = await raw<{ endpoint_id: string; aggregate_id: string }>(
        transaction,
        `select l.endpoint_id, l.aggregate_id from ${table('lane')} l join ${table('endpoint')} e on e.id = l.endpoint_id
          where e.status = 'DISABLED' and ${isEmpty} limit $1 for update of l skip locked`,
        [limit],
      );
      if (rows.length === 0) return 0;
      const { count } = await raw(
        transaction,
        `delete from ${table('lane')} l using jsonb_to_recordset($1::jsonb) as held(endpoint_id text, aggregate_id text)
          where l.endpoint_id = held.endpoint_id and l.aggregate_id = held.aggregate_id and ${isEmpty}`,
        [JSON.stringify(rows)],
      );
      return count;
    },

    ...circuitSql(table),

    /** Deletes what waits for an endpoint and comes after a place in the log, since it will be recorded again. */
    async withdraw(db: Kysely<any>, endpointId: string, { xid, position }: Cursor): Promise<void> {
      await raw(
        db,
        `delete from ${table('delivery')} where endpoint_id = $1 and status = 'WAITING'
            and (event_xid, event_position) > ($2::bigint, $3::bigint)`,
        [endpointId, xid, position],
      );
    },

    /** Has all that waits for an endpoint sent now, since it is back. */
    async hurry(db: Kysely<any>, endpointId: string, now: Date): Promise<void> {
      await raw(
        db,
        `with waiting as (
           select aggregate_id from ${table('lane')}
            where endpoint_id = $1 and claim is null and due_at > $2
            -- In the order in which lanes are opened, so that the two do not wait for each other.
            order by aggregate_id for update)
         update ${table('lane')} l set due_at = $2 from waiting
          where l.endpoint_id = $1 and l.aggregate_id = waiting.aggregate_id`,
        [endpointId, now],
      );
    },
  };
};

/** The statements on one agent's tables. */
export type OutboundSql = ReturnType<typeof outboundSql>;
