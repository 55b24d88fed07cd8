/** Replay: has one consumer read a part of the log again. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Cursor } from './cursor.ts';

/** The outcome of a replay. */
export interface Replay {
  /** The consumer's cursor before. */
  from: Cursor;
  /** Number of parked events that were unparked, since it will meet them again. */
  unparked: number;
}

/**
 * Moves a consumer's cursor back, in the caller's transaction. Returns undefined, and does nothing, if there is no such
 * consumer or its cursor is not beyond `to`. Events parked after `to` are read again from the log, in its order.
 */
export async function moveBack(transaction: Kysely<any>, consumer: string, to: Cursor): Promise<Replay | undefined> {
  // The lock that a batch holds: it ends with the batch, whose transaction is short.
  await raw(transaction, 'select pg_advisory_xact_lock(1819239272, hashtext($1))', [consumer]);
  const { rows } = await raw<Cursor>(
    transaction,
    `select xid::text as xid, position::text as position from platform.log_cursor where consumer = $1
        and (xid, position) > ($2::xid8, $3::bigint)`,
    [consumer, to.xid, to.position],
  );
  if (!rows[0]) return undefined;
  await raw(
    transaction,
    // An operator's decision overrides the start position.
    `update platform.log_cursor set xid = $2, position = $3, begun_after = null, moved_at = clock_timestamp()
      where consumer = $1`,
    [consumer, to.xid, to.position],
  );
  const { count } = await raw(
    transaction,
    `delete from platform.parked_event where consumer = $1 and (xid, position) > ($2::xid8, $3::bigint)`,
    [consumer, to.xid, to.position],
  );
  return { from: rows[0], unparked: count };
}

/** Longest duration of a transaction: events are in order of transactions, so their times may be out of order by this. */
const DISORDER_MS = 10_000;

/**
 * A cursor before everything appended since this time: a little too early, never too late. Found by binary search over
 * transaction ids, because an index by time would not be worth its writes.
 */
export async function placeBefore(db: Kysely<any>, time: Date): Promise<Cursor> {
  const wanted = time.getTime() - DISORDER_MS;
  const { rows } = await raw<{ low: string; high: string }>(
    db,
    `select oldest_xid::text as low, pg_snapshot_xmax(pg_current_snapshot())::text as high from platform.log_identity`,
  );
  let low = BigInt(rows[0]!.low);
  let high = BigInt(rows[0]!.high);
  while (low < high) {
    const middle = (low + high) / 2n;
    const { rows: found } = await raw<{ at: Date }>(
      db,
      'select at from platform.event_log where xid >= $1::xid8 order by xid, position limit 1',
      [String(middle)],
    );
    if (!found[0] || found[0].at.getTime() >= wanted) high = middle;
    else low = middle + 1n;
  }
  return { xid: String(low), position: '0' };
}
