/** Having one consumer read a part of the log again. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Cursor } from './cursor.ts';

/** What a replay did. */
export interface Replay {
  /** Where the consumer was. */
  from: Cursor;
  /** Parked events that it will meet again, and that are parked no more. */
  unparked: number;
}

/**
 * Moves a consumer's cursor back, in the caller's transaction. Returns undefined, and does nothing, if there is no such
 * consumer or it has not come so far. What was parked behind the new place is read again from the log, in its order.
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
    // An operator's word counts for more than where it began.
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

/** Events are in order of their transactions, which may last this long. */
const DISORDER_MS = 10_000;

/**
 * A place before everything that was appended since this time: a little too early, never too late. By halves, because
 * nothing has an index by time, and none is worth its writes for this.
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
