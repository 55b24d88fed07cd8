/**
 * How long the log is kept: partitions that are old enough, and that every consumer has read, are dropped, the oldest
 * first. A consumer that nobody runs any more holds the log back until somebody decides about it, so it is told.
 */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { PARTITION_WIDTH, type Partition, partitions } from './partitions.ts';

/** A consumer whose agent has not been heard of for so long is abandoned. */
export const ABANDONED_AFTER_DAYS = 7;

/** A consumer that holds partitions back though nobody runs it. */
export interface Abandoned {
  consumer: string;
  /** When its agent was last heard of. */
  since: Date | null;
}

/** What the retention did. */
export interface Retention {
  dropped: string[];
  abandoned: Abandoned[];
}

/**
 * Drops partitions whose events are all older than `before`. One process at a time does it. It may be cut off anywhere:
 * the next time goes on there.
 */
export async function dropOldPartitions(
  kysely: Kysely<any>,
  { before, now, width = PARTITION_WIDTH }: { before: Date; now: Date; width?: bigint },
): Promise<Retention> {
  const slowest = await slowestCursor(kysely);
  const dropped: string[] = [];
  let isHeldBack = false;
  for (const partition of await partitions(kysely)) {
    if (!partition.isLeaving) {
      if (!(await isOld(kysely, partition, before))) break;
      isHeldBack = slowest !== undefined && slowest < partition.to;
      if (isHeldBack) break;
    }
    await drop(kysely, partition);
    dropped.push(partition.name);
  }
  dropped.push(...(await dropLeftovers(kysely, width)));
  return { dropped, abandoned: isHeldBack ? await abandonedConsumers(kysely, slowest!, now) : [] };
}

/** The transaction up to which every consumer has read; undefined without consumers. */
async function slowestCursor(kysely: Kysely<any>): Promise<bigint | undefined> {
  const { rows } = await raw<{ xid: string }>(
    kysely,
    'select xid::text as xid from platform.log_cursor order by log_cursor.xid limit 1',
  );
  return rows[0] && BigInt(rows[0].xid);
}

/** Whether its last event, or without any the next one behind it, is older than that. One that may still grow is not. */
async function isOld(kysely: Kysely<any>, { name, to }: Partition, before: Date): Promise<boolean> {
  const { rows } = await raw<{ old: boolean | null }>(
    kysely,
    `select coalesce((select at from platform.${name} order by xid desc, position desc limit 1),
                     (select at from platform.event_log where xid >= $1::xid8 order by xid, position limit 1))
              < $2::timestamptz and $1::xid8 <= pg_snapshot_xmin(pg_current_snapshot()) as old`,
    [String(to), before.toISOString()],
  );
  return rows[0]!.old ?? false;
}

async function drop(kysely: Kysely<any>, { name, to, isLeaving }: Partition): Promise<void> {
  // First, and committed: whoever comes with a cursor from there is told so before anything is missing.
  await raw(kysely, 'update platform.log_identity set oldest_xid = $1::xid8 where oldest_xid < $1::xid8', [String(to)]);
  await patiently(kysely, async (connection) => {
    // Concurrently, because a plain drop would have every append wait behind the log's longest reader.
    const how = isLeaving ? 'finalize' : 'concurrently';
    await raw(connection, `alter table platform.event_log detach partition platform.${name} ${how}`);
    await raw(connection, `drop table platform.${name}`);
  });
}

/** Tables that were taken out of the log, and then something came between. */
async function dropLeftovers(kysely: Kysely<any>, width: bigint): Promise<string[]> {
  const { rows } = await raw<{ name: string; oldest: string }>(
    kysely,
    `select c.relname::text as name, i.oldest_xid::text as oldest from pg_class c, platform.log_identity i
      where c.relnamespace = 'platform'::regnamespace and c.relkind = 'r' and not c.relispartition
        and c.relname ~ '^event_log_\\d+$'`,
  );
  const endOf = (name: string): bigint => (BigInt(/\d+$/.exec(name)![0]) + 1n) * width;
  const gone = rows.filter(({ name, oldest }) => endOf(name) <= BigInt(oldest));
  for (const { name } of gone) await raw(kysely, `drop table platform.${name}`);
  return gone.map(({ name }) => name);
}

/**
 * On a connection without the limits of requests: a concurrent detach waits for all who read the log. It is no
 * transaction that writes, so the log's tail is not held back meanwhile.
 */
async function patiently(kysely: Kysely<any>, work: (connection: Kysely<any>) => Promise<void>): Promise<void> {
  await kysely.connection().execute(async (connection) => {
    await raw(
      connection,
      `select set_config('statement_timeout', '0', false), set_config('transaction_timeout', '0', false),
                                  set_config('lock_timeout', '30s', false)`,
    );
    try {
      await work(connection);
    } finally {
      for (const setting of ['statement_timeout', 'transaction_timeout', 'lock_timeout'])
        await raw(connection, `reset ${setting}`);
    }
  });
}

async function abandonedConsumers(kysely: Kysely<any>, upTo: bigint, now: Date): Promise<Abandoned[]> {
  const silentSince = new Date(now.getTime() - ABANDONED_AFTER_DAYS * 86_400_000).toISOString();
  const { rows } = await raw<Abandoned>(
    kysely,
    `select c.consumer, a.heartbeat_at as since from platform.log_cursor c
       left join platform.agent a on a.name = c.consumer
      where c.xid <= $1::xid8 and coalesce(a.heartbeat_at, c.moved_at) < $2::timestamptz order by c.consumer`,
    [String(upTo), silentSince],
  );
  return rows;
}
