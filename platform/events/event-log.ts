/**
 * The event log: one append-only table that every agent writes inside its own business transaction, and that every
 * consumer and every live subscription reads. Nothing else has to be written to publish an event.
 *
 * ORDER. Readers go by (xid, position), never by position alone: a sequence is not transactional, so a lower position
 * can become visible after a higher one. And they see only transactions that are older than every transaction still
 * running (`xid < pg_snapshot_xmin`): nothing can appear behind a cursor any more, so nothing is lost and nothing comes
 * twice. The price: a long WRITE transaction anywhere in the cluster holds the tail back until it ends. Hence the short
 * `transaction_timeout` of every role that writes.
 *
 * ORDER PER AGGREGATE comes from `lock` (platform/data/locks.ts), which a command takes first.
 */
import type { Kysely } from 'kysely';
import { raw, type Statement } from '../data/raw.ts';
import { newUuid } from '../ids.ts';
import type { Cursor } from './cursor.ts';
import { traceparent } from '../telemetry/tracing.ts';
import type { EventDefinition, NewEvent } from './define-event.ts';
import type { EventSigner } from './signing.ts';

/** An event as it stands in the log. The names follow CloudEvents 1.0 where it has one. */
export interface LoggedEvent<Payload = any> extends NewEvent<Payload>, Cursor {
  /** UUIDv7. */
  id: string;
  type: string;
  /** The agent that published it. */
  source: string;
  aggregateType: string;
  correlationId: string | null;
  /** The event that led to this one, if one did. */
  causationId: string | null;
  /** Time of the append. */
  at: Date;
  /** The key id and the HMAC of its sender (signing.ts). Null on events from before events were signed. */
  keyId: string | null;
  signature: string | null;
  /** The trace in which it was published, while tracing was on. Not signed. */
  traceparent: string | null;
}

/** An event on its way into the log. */
export interface Envelope extends NewEvent {
  id: string;
  type: string;
  source: string;
  aggregateType: string;
  correlationId?: string;
  causationId?: string;
  /** The trace in which it happened, while tracing is on. */
  traceparent?: string;
}

/** Wraps an event in its envelope. @throws ZodError if the payload does not fit the definition: a defect of the sender */
export function envelope<Payload>(
  definition: EventDefinition<Payload>,
  event: NewEvent<Payload>,
  from: { source: string; correlationId?: string; causationId?: string },
): Envelope {
  return {
    ...event,
    ...from,
    payload: definition.payload.parse(event.payload),
    id: newUuid(),
    type: definition.type,
    aggregateType: definition.aggregate,
    // Taken here, since one append may write the events of many traces.
    ...(traceparent() && { traceparent: traceparent() }),
  };
}

const asJson = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/**
 * Appends events in the caller's transaction, signed: one statement, whatever their number. `along` is a write of the same
 * transaction that goes with it.
 */
export async function append(
  transaction: Kysely<any>,
  events: readonly Envelope[],
  signer?: EventSigner,
  along?: Statement,
): Promise<void> {
  const [write, values] = along ?? ['', []];
  if (events.length === 0) return void (along && (await raw(transaction, write, values)));
  const signed = signer ? events.map((event) => ({ ...event, ...signer.sign(event) })) : events;
  await raw(
    transaction,
    `${write && `with along as (${write})`}
     insert into platform.event_log
       (id, type, source, aggregate_type, aggregate_id, aggregate_version, correlation_id, causation_id, payload,
        key_id, signature, traceparent)
     select (e->>'id')::uuid, e->>'type', e->>'source', e->>'aggregateType', e->>'aggregateId',
            (e->>'aggregateVersion')::int, e->>'correlationId', (e->>'causationId')::uuid, e->'payload',
            e->>'keyId', e->>'signature', e->>'traceparent'
       from jsonb_array_elements($${values.length + 1}::jsonb) with ordinality as list(e, n) order by n`,
    [...values, JSON.stringify(signed, asJson)],
  );
}

/** Options of a read of the log. */
export interface ReadOptions {
  /** Most rows to scan. */
  limit: number;
  /** Only events of these types are returned; the others are passed over, and the cursor with them. @default all */
  types?: readonly string[];
}

/** One page of the log. */
export interface Page {
  /** The events asked for, in log order. */
  events: LoggedEvent[];
  /** Cursor of the next read: the last row scanned, wanted or not. */
  next: Cursor;
  /** Rows scanned. Equal to the limit when there is probably more. */
  scanned: number;
}

const COLUMNS = `xid::text, position::text, type, id, source, aggregate_type, aggregate_id, aggregate_version,
  correlation_id, causation_id, at, key_id, signature, traceparent`;

// `xid >= $1` is implied, but lets the planner prune partitions, which it cannot do by a row comparison.
const PAGE = `with page as materialized
    (select * from platform.event_log
      where xid >= $1::xid8 and (xid, position) > ($1::xid8, $2::bigint)
        and xid < pg_snapshot_xmin(pg_current_snapshot())
      order by xid, position limit $3)`;
/** The end of the page is a row of its own, so that unwanted rows need not leave the database. */
const END = `left join lateral
    (select xid::text as next_xid, position::text as next_position from page order by page.xid desc, page.position desc
      limit 1) l on true
  left join page e on $4::text[] is null or e.type = any($4)
  order by e.xid, e.position`;
const EVENT = `e.xid::text, e.position::text, e.type, e.id, e.source, e.aggregate_type, e.aggregate_id,
  e.aggregate_version, e.correlation_id, e.causation_id, e.at, e.key_id, e.signature, e.traceparent, e.payload`;
const READ = `${PAGE}
  select scanned, next_xid, next_position, ${EVENT} from (select count(*)::int as scanned from page) s ${END}`;
const READ_TAIL = `${PAGE}
  select scanned, seen, next_xid, next_position, ${EVENT}
    from (select count(*)::int as scanned, array_agg(distinct type) as seen from page) s ${END}`;

type PageRow = EventRow & { scanned: number; seen?: string[] | null; next_xid: string | null; next_position: string };

/** Reads a page of the log from a cursor on. */
export async function readLog(db: Kysely<any>, after: Cursor, { limit, types }: ReadOptions): Promise<Page> {
  const { rows } = await raw<PageRow>(db, READ, [after.xid, after.position, limit, types ?? null]);
  return pageOf(rows, after);
}

/** Reads a page of the log from a cursor on, with the types of all rows scanned. */
export async function readTail(
  db: Kysely<any>,
  after: Cursor,
  { limit, types }: Required<ReadOptions>,
): Promise<Page & { types: ReadonlySet<string> }> {
  const { rows } = await raw<PageRow>(db, READ_TAIL, [after.xid, after.position, limit, types]);
  return { ...pageOf(rows, after), types: new Set(rows[0]!.seen) };
}

function pageOf(rows: readonly PageRow[], after: Cursor): Page {
  const { scanned, next_xid: xid, next_position: position } = rows[0]!;
  return {
    events: rows.filter(({ id }) => id !== null).map(toEvent),
    next: xid === null ? after : { xid, position },
    scanned,
  };
}

/** Reads one aggregate's events after a cursor, oldest first, by an index of its own. */
export async function readAggregate(
  db: Kysely<any>,
  aggregateId: string,
  after: Cursor,
  limit: number,
): Promise<LoggedEvent[]> {
  const { rows } = await raw<EventRow>(
    db,
    `select ${COLUMNS}, payload from platform.event_log
      where aggregate_id = $1 and xid >= $2::xid8 and (xid, position) > ($2::xid8, $3::bigint)
        and xid < pg_snapshot_xmin(pg_current_snapshot())
      order by platform.event_log.xid, platform.event_log.position limit $4`,
    [aggregateId, after.xid, after.position, limit],
  );
  return rows.map(toEvent);
}

/** The cursor for "from now on": events of transactions that still run come after it. */
export async function horizon(db: Kysely<any>): Promise<Cursor> {
  const { rows } = await raw<{ xid: string }>(db, `select pg_snapshot_xmin(pg_current_snapshot())::text as xid`);
  return { xid: String(BigInt(rows[0]!.xid) - 1n), position: '9223372036854775807' };
}

/** The generation of a log, which tells it from its successor after a restore, and its bounds. */
export interface LogIdentity {
  generation: string;
  /** The oldest transaction that the log still holds. */
  oldestXid: string;
  /** The first transaction whose events must be signed. */
  signedFrom: string;
  /** A bound above every cursor given so far; null from a standby, which may lag behind the cursors of its primary. */
  endXid: string | null;
}

/** Why a cursor is none of this log any more; undefined if it is one. */
export function whyExpired(
  { generation, xid }: Pick<Cursor, 'xid'> & { generation: string },
  log: Pick<LogIdentity, 'generation' | 'oldestXid' | 'endXid'>,
): string | undefined {
  if (generation !== log.generation || BigInt(xid) < BigInt(log.oldestXid)) return 'is older than the log';
  // A standby that lost the last transactions of its primary has become the log, or nobody gave this cursor.
  return log.endXid !== null && BigInt(xid) >= BigInt(log.endXid) ? 'is ahead of the log' : undefined;
}

/** The log's identity, as it is now: its bounds move. */
export async function logIdentity(db: Kysely<any>): Promise<LogIdentity> {
  const { rows } = await raw<LogIdentity>(
    db,
    `select generation, oldest_xid::text as "oldestXid", signed_from::text as "signedFrom",
            case when not pg_is_in_recovery() then pg_snapshot_xmax(pg_current_snapshot())::text end as "endXid"
       from platform.log_identity`,
  );
  return rows[0]!;
}

/** A row of the log's table, or of a parked copy. */
export interface EventRow {
  xid: string;
  position: string;
  id: string;
  type: string;
  source: string;
  aggregate_type: string;
  aggregate_id: string;
  aggregate_version: number;
  correlation_id: string | null;
  causation_id: string | null;
  payload: unknown;
  at: Date | string;
  /** Absent in a copy that was parked before events were signed. */
  key_id?: string | null;
  signature?: string | null;
  /** Absent in a copy that was parked before events had a trace. */
  traceparent?: string | null;
}

/** Converts a row to an event. */
export const toEvent = (row: EventRow): LoggedEvent => ({
  xid: row.xid,
  position: row.position,
  id: row.id,
  type: row.type,
  source: row.source,
  aggregateType: row.aggregate_type,
  aggregateId: row.aggregate_id,
  aggregateVersion: row.aggregate_version,
  correlationId: row.correlation_id,
  causationId: row.causation_id,
  payload: row.payload,
  at: new Date(row.at),
  keyId: row.key_id ?? null,
  signature: row.signature ?? null,
  traceparent: row.traceparent ?? null,
});

/** Converts an event back to a row, kept for a parked event because the log may drop its partition meanwhile. */
export const toRow = (event: LoggedEvent): EventRow => ({
  xid: event.xid,
  position: event.position,
  id: event.id,
  type: event.type,
  source: event.source,
  aggregate_type: event.aggregateType,
  aggregate_id: event.aggregateId,
  aggregate_version: event.aggregateVersion,
  correlation_id: event.correlationId,
  causation_id: event.causationId,
  payload: event.payload,
  at: event.at,
  key_id: event.keyId,
  signature: event.signature,
  traceparent: event.traceparent,
});
