/** The statements of a rebuild: its request, its progress, and its end in one transaction. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { hold } from '../consumers/cursor-row.ts';
import { sleep } from '../sleep.ts';
import { agentOf, type Place } from './projection.ts';

/** A rebuild: asked for, under way, or given up and not yet cleared away. */
export type RebuildState = 'ASKED' | 'RUNNING' | 'GIVEN_UP';

/** A projection's row, as far as a rebuild is concerned. */
export interface RebuildRow {
  rebuild: RebuildState | null;
  /** The version that it is for; null: that of a process that is not older than the tables. */
  rebuildVersion: number | null;
  /** The version of what the tables hold. */
  tablesVersion: number | null;
  /** The types that the projection's consumer follows. */
  types: readonly string[];
  /** The types that the rebuild's consumer follows; null without one. */
  nextTypes: readonly string[] | null;
}

/** Whether a consumer is that of a rebuild, by its name. */
export const isOfRebuild = (consumer: string): boolean => consumer.endsWith('.next');

/** The outcome of a request for a rebuild. */
export type Asked = 'ASKED' | 'UNDER_WAY' | 'NO_PROJECTION';

/**
 * Asks for a rebuild of a projection, in the caller's transaction. Refused while there is one. Processes of this version
 * carry it out; without one, those that are not older than the tables.
 */
export async function askForRebuild(transaction: Kysely<any>, consumer: string, version?: number): Promise<Asked> {
  if (isOfRebuild(consumer)) return 'NO_PROJECTION';
  await hold(transaction, consumer);
  const { rows } = await raw<{ asked: boolean }>(
    transaction,
    `update platform.log_cursor l set rebuild = coalesce(l.rebuild, 'ASKED'),
            rebuild_version = case when l.rebuild is null then $2 else l.rebuild_version end
       from platform.log_cursor before
      where l.consumer = $1 and l.tables_version is not null and before.consumer = l.consumer
      returning before.rebuild is null as asked`,
    [consumer, version ?? null],
  );
  if (!rows[0]) return 'NO_PROJECTION';
  return rows[0].asked ? 'ASKED' : 'UNDER_WAY';
}

/** Gives a rebuild up, in the caller's transaction: the projection's processes clear it away. False if there is none. */
export async function giveUpRebuild(transaction: Kysely<any>, consumer: string): Promise<boolean> {
  await hold(transaction, consumer);
  const { count } = await raw(
    transaction,
    `update platform.log_cursor set rebuild = 'GIVEN_UP', rebuild_version = null where consumer = $1 and rebuild is not null`,
    [consumer],
  );
  return count > 0;
}

/** Reads a projection's row. Undefined if its consumer is not registered. */
export async function readRebuild(db: Kysely<any>, { consumer, next }: Place): Promise<RebuildRow | undefined> {
  const { rows } = await raw<RebuildRow>(
    db,
    `select l.rebuild, l.rebuild_version as "rebuildVersion", l.tables_version as "tablesVersion", l.types,
            n.types as "nextTypes"
       from platform.log_cursor l left join platform.log_cursor n on n.consumer = $2 where l.consumer = $1`,
    [consumer, next],
  );
  return rows[0];
}

/** Whether a process of this version carries a rebuild out. */
export const isForVersion = (
  { rebuildVersion, tablesVersion }: Pick<RebuildRow, 'rebuildVersion' | 'tablesVersion'>,
  version: number,
): boolean => (rebuildVersion === null ? (tablesVersion ?? 0) <= version : rebuildVersion === version);

/**
 * Begins a rebuild that was asked for: the second set of tables, empty, and its consumer at the cursor of the
 * projection's. It has a number of its own (`filling`): a page that was read for one before it, of older data than its
 * cursor, is not applied. False if it is not to begin: the projection itself is being filled, or other processes follow other types.
 */
export const beginRebuild = (kysely: Kysely<any>, place: Place, mine: { types: readonly string[]; version: number }) =>
  kysely.transaction().execute(async (transaction) => {
    const { consumer, next, tables } = place;
    await hold(transaction, consumer);
    const { count } = await raw(
      transaction,
      `update platform.log_cursor set rebuild = 'RUNNING', rebuild_version = $3, filling = filling + 1
        where consumer = $1 and rebuild = 'ASKED' and status = 'FOLLOWING' and types = $2
          and (rebuild_version = $3 or rebuild_version is null and tables_version <= $3)`,
      [consumer, mine.types.toSorted(), mine.version],
    );
    if (count === 0) return false;
    await hold(transaction, next);
    await raw(transaction, 'select platform.begin_rebuild($1, $2)', [consumer, tables]);
    await raw(
      transaction,
      `insert into platform.log_cursor
         (consumer, xid, position, begun_after, types, tables_version, filling, has_backfill, status)
       select $2, xid, position, begun_after, types, rebuild_version, filling, true, 'BACKFILLING'
         from platform.log_cursor where consumer = $1`,
      [consumer, next],
    );
    return true;
  });

/** Has a rebuild begin anew, as after a change of the tables or of the types that are followed. */
export async function askAgain(transaction: Kysely<any>, { consumer }: Pick<Place, 'consumer'>): Promise<void> {
  await raw(
    transaction,
    `update platform.log_cursor set rebuild = 'ASKED' where consumer = $1 and rebuild = 'RUNNING'`,
    [consumer],
  );
}

/** Clears a rebuild away that was given up. */
export const clearRebuild = (kysely: Kysely<any>, { consumer, next }: Place): Promise<void> =>
  kysely.transaction().execute(async (transaction) => {
    await hold(transaction, consumer);
    const { count } = await raw(
      transaction,
      `update platform.log_cursor set rebuild = null where consumer = $1 and rebuild = 'GIVEN_UP'`,
      [consumer],
    );
    if (count === 0) return;
    await hold(transaction, next);
    await raw(transaction, 'select platform.drop_rebuild($1)', [consumer]);
  });

/** The outcome of an attempt to finish. `CHANGED`: it is under way no longer, or to begin anew. */
export type Finish = 'FINISHED' | 'BEHIND' | 'CHANGED';

/** Longest wait for readers of the old tables, in milliseconds: all other readers wait behind the exchange. */
const LOCK_TIMEOUT_MS = 500;
/** The most events by which a rebuild is behind when the projection is held for it: those of a batch, soon applied. */
const NEAR = 200;
/** Longest time that the projection stands still for its rebuild to catch up, in milliseconds, and between two looks. */
const CATCH_UP_MS = { most: 1000, between: 20 };

/** Both consumers, compared. */
interface Compared {
  /** Whether the rebuild is under way, for this version. */
  isMine: boolean;
  /** Whether both follow the same types. */
  isSame: boolean;
  /** Whether both handle events, and no backfill is to be ended before. */
  isFollowing: boolean;
  /** The events, up to one more than {@link NEAR}, that the projection's has applied and the rebuild's has not. */
  behind: number;
}

async function compare(transaction: Kysely<any>, { consumer, next }: Place, version: number): Promise<Compared> {
  const { rows } = await raw<Compared>(
    transaction,
    `select l.rebuild = 'RUNNING' and l.rebuild_version = $3 as "isMine", l.types = n.types as "isSame",
            l.status = 'FOLLOWING' and n.status = 'FOLLOWING' as "isFollowing",
            (select count(*)::int from (select from platform.event_log e
              where n.status = 'FOLLOWING' and e.xid >= n.xid and (e.xid, e.position) > (n.xid, n.position)
                and (e.xid, e.position) <= (l.xid, l.position) and e.type = any(n.types) limit $4) missing) as behind
       from platform.log_cursor l join platform.log_cursor n on n.consumer = $2 where l.consumer = $1`,
    [consumer, next, version, NEAR + 1],
  );
  return rows[0] ?? { isMine: false, isSame: false, isFollowing: false, behind: 0 };
}

/** Compares until the rebuild has caught up, for a moment at most: the projection, which is held, is not to run away. */
async function untilThere(transaction: Kysely<any>, place: Place, version: number): Promise<Compared> {
  const { signal } = new AbortController();
  const deadline = performance.now() + CATCH_UP_MS.most;
  for (;;) {
    const compared = await compare(transaction, place, version);
    const mayCatchUp = compared.isMine && compared.isSame && compared.isFollowing && compared.behind > 0;
    if (!mayCatchUp || performance.now() > deadline) return compared;
    await sleep(CATCH_UP_MS.between, signal);
  }
}

/** Whether both sets of tables are alike: a migration may have changed those of the projection. */
async function areAlike(transaction: Kysely<any>, { consumer, nextSchema, tables }: Place): Promise<boolean> {
  const { rows } = await raw<{ alike: boolean }>(
    transaction,
    'select platform.shape_of($1, $3) is not distinct from platform.shape_of($2, $3) as alike',
    [agentOf(consumer), nextSchema, tables],
  );
  return rows[0]!.alike;
}

/**
 * Finishes a rebuild if its consumer has applied all that the projection's has: exchanges the tables and the cursors in
 * one transaction. Events that are parked for the rebuild are parked for the projection from then on; those that were
 * parked for the old tables concern nothing any more, since the rebuild has read or parked them itself.
 * @throws DatabaseError 55P03 if readers keep the tables locked
 */
export async function finishRebuild(kysely: Kysely<any>, place: Place, version: number): Promise<Finish> {
  // While its tables are filled, and while it reads what was written meanwhile, each of which may take hours, the
  // projection is not held up.
  const { isMine, isSame, isFollowing, behind } = await compare(kysely, place, version);
  if (isMine && isSame && !(isFollowing && behind <= NEAR)) return 'BEHIND';
  return exchange(kysely, place, version);
}

const exchange = (kysely: Kysely<any>, place: Place, version: number): Promise<Finish> =>
  kysely.transaction().execute(async (transaction) => {
    const { consumer, next, tables } = place;
    await hold(transaction, consumer);
    const { isMine, isSame, isFollowing, behind } = await untilThere(transaction, place, version);
    if (!isMine) return 'CHANGED';
    if (isSame && !(isFollowing && behind === 0)) return 'BEHIND';
    await hold(transaction, next);
    if (!isSame || !(await areAlike(transaction, place))) {
      await askAgain(transaction, place);
      return 'CHANGED';
    }
    await raw(transaction, `select set_config('lock_timeout', $1, true)`, [String(LOCK_TIMEOUT_MS)]);
    await raw(transaction, 'delete from platform.parked_event where consumer = $1', [consumer]);
    await raw(transaction, 'update platform.parked_event set consumer = $1 where consumer = $2', [consumer, next]);
    await raw(
      transaction,
      `update platform.log_cursor l
          set (xid, position, begun_after) = (select c.xid, c.position, c.begun_after from
                (values (n.xid, n.position, n.begun_after), (l.xid, l.position, l.begun_after)) c (xid, position, begun_after)
                order by c.xid desc, c.position desc limit 1),
              backfilled = n.backfilled, backfill_after = null, moved_at = clock_timestamp(), tables_version = $3,
              rebuild = null, rebuild_version = null
         from platform.log_cursor n where l.consumer = $1 and n.consumer = $2`,
      [consumer, next, version],
    );
    await raw(transaction, 'select platform.finish_rebuild($1, $2)', [consumer, tables]);
    return 'FINISHED';
  });
