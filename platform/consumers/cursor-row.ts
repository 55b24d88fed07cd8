/** A consumer's row in `platform.log_cursor`: its cursor, and whether its backfill is under way. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import type { Cursor } from '../events/cursor.ts';
import type { Logger } from '../log.ts';
import { type FollowedTypes, keepFollowedTypes } from './followed-types.ts';

/** Start position of a new consumer: the end of the log at that time, or the oldest event that the log holds. */
export type Beginning = 'NOW' | 'OLDEST';

/** The registration of a consumer. */
export interface Registration {
  consumer: string;
  /** The event types that this process handles. */
  types: readonly string[];
  /** @default NOW */
  begins?: Beginning;
  /** Whether a backfill comes before it follows the log. */
  hasBackfill: boolean;
  /** The version of a projection's tables in this process (platform/projections/). @default it has no tables */
  tablesVersion?: number;
  log: Logger;
}

/** A consumer's row. */
export interface CursorRow extends Cursor, FollowedTypes {
  /** Snapshot of its start, if it began at the end of the log: events committed in it are skipped. */
  begunAfter: string | null;
  isFilling: boolean;
  /** The version of what a projection's tables hold; null for other consumers. */
  tablesVersion: number | null;
  /** Whether a rebuild of a projection is asked for, under way, or to be cleared away. */
  hasRebuild: boolean;
  /** Time of the read by the database's clock, in seconds since the epoch. */
  now: number;
}

/**
 * Registers a consumer, once for all processes; a registered one keeps its cursor. It begins at the oldest transaction
 * that is under way, and skips events that were committed by then: so no event that is committed later is missed, and
 * none that was committed before is handled. It waits for the batch that another process has under way: afterwards no
 * process moves the cursor past events of these types without handling or parking them.
 */
export async function register(
  kysely: Kysely<any>,
  { consumer, types, begins = 'NOW', hasBackfill, tablesVersion, log }: Registration,
): Promise<void> {
  await kysely.transaction().execute(async (transaction) => {
    await hold(transaction, consumer);
    await raw(
      transaction,
      `insert into platform.log_cursor (consumer, xid, position, begun_after, types, has_backfill, tables_version, status)
       select $1, case when $2 then pg_snapshot_xmin(now) else '0' end, 0, case when $2 then now end, $3, $4, $5,
              case when $4 then 'BACKFILLING' else 'FOLLOWING' end
         from pg_current_snapshot() now
       on conflict (consumer) do update set has_backfill = excluded.has_backfill
        where log_cursor.has_backfill <> excluded.has_backfill`,
      [consumer, begins === 'NOW', types.toSorted(), hasBackfill, tablesVersion ?? null],
    );
    // Tables of an older version are rebuilt. A process of an older release asks for nothing: it may be on its way out.
    if (tablesVersion !== undefined)
      await raw(
        transaction,
        `update platform.log_cursor set rebuild = 'ASKED', rebuild_version = $2
          where consumer = $1 and tables_version < $2 and coalesce(rebuild_version, 0) < $2`,
        [consumer, tablesVersion],
      );
    await keepFollowedTypes(transaction, { consumer, handled: types, log }, await cursorRow(transaction, consumer));
  });
}

/** Whether a consumer of this name is registered. */
export async function isRegistered(db: Kysely<any>, consumer: string): Promise<boolean> {
  return (await raw(db, 'select from platform.log_cursor where consumer = $1', [consumer])).count > 0;
}

/** Reads a consumer's row. @throws Error for a consumer that is not registered */
export async function cursorRow(db: Kysely<any>, consumer: string): Promise<CursorRow> {
  const { rows } = await raw<CursorRow>(
    db,
    `select xid::text, position::text, begun_after::text as "begunAfter", status = 'BACKFILLING' as "isFilling",
            tables_version as "tablesVersion", rebuild is not null as "hasRebuild",
            types, unhandled, extract(epoch from clock_timestamp())::float8 as now
       from platform.log_cursor where consumer = $1`,
    [consumer],
  );
  if (!rows[0]) throw new Error(`consumer ${consumer} is not registered`);
  return rows[0];
}

/** Moves the cursor. @throws Error if it is not where it was read */
export async function moveCursor(transaction: Kysely<any>, consumer: string, from: Cursor, to: Cursor): Promise<void> {
  // The comparison with the old cursor is an optimistic lock: it fails if anything else has moved the cursor.
  const { count } = await raw(
    transaction,
    `update platform.log_cursor set xid = $2, position = $3, moved_at = clock_timestamp(),
            begun_after = case when $2 < pg_snapshot_xmax(begun_after) then begun_after end
      where consumer = $1 and xid = $4 and position = $5`,
    [consumer, to.xid, to.position, from.xid, from.position],
  );
  if (count !== 1) throw new Error(`the cursor of consumer ${consumer} was moved by someone else`);
}

/** Holds a consumer until the transaction ends. False if another process holds it. */
export async function tryToHold(transaction: Kysely<any>, consumer: string): Promise<boolean> {
  // Two-key advisory locks have a key space apart from the one-key locks of aggregates.
  const { rows } = await raw<{ held: boolean }>(
    transaction,
    `select pg_try_advisory_xact_lock(1819239272, hashtext($1)) as held`,
    [consumer],
  );
  return rows[0]!.held;
}

/** Waits until no process holds a consumer, and holds it until the transaction ends: batches are short. */
export async function hold(transaction: Kysely<any>, consumer: string): Promise<void> {
  await raw(transaction, 'select pg_advisory_xact_lock(1819239272, hashtext($1))', [consumer]);
}
