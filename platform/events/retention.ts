/**
 * Retention of the log: partitions that are old enough, and that every consumer has read, are dropped, the oldest first.
 * An abandoned consumer holds the log back until an operator decides about it, so it is reported.
 */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { PARTITION_WIDTH, type Partition, partitions } from './partitions.ts';

/** A consumer whose agent has sent no heartbeat for so long is abandoned. */
export const ABANDONED_AFTER_DAYS = 7;

/** A consumer that holds partitions back though no process runs it. */
export interface Abandoned {
  consumer: string;
  /** Last heartbeat of its agent. */
  since: Date | null;
}

/** The outcome of a retention run. */
export interface Retention {
  dropped: string[];
  abandoned: Abandoned[];
}

/**
 * Drops partitions whose events are all older than `before`. Run it in one process at a time. It may be interrupted at
 * any point: the next run goes on there.
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

/** The lowest transaction id of all consumers' cursors; undefined without consumers. */
async function slowestCursor(kysely: Kysely<any>): Promise<bigint | undefined> {
  const { rows } = await raw<{ xid: string }>(
    kysely,
    'select xid::text as xid from platform.log_cursor order by log_cursor.xid limit 1',
  );
  return rows[0] && BigInt(rows[0].xid);
}

/** Whether its last event, or in an empty partition the next one after it, is older. A partition that may grow is not. */
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
  // Committed first, so that a client with an older cursor is answered CURSOR_EXPIRED before any event is missing.
  await raw(kysely, 'update platform.log_identity set oldest_xid = $1::xid8 where oldest_xid < $1::xid8', [String(to)]);
  await patiently(kysely, async (connection) => {
    // Concurrently, because a plain detach would have every append wait behind the log's longest reader.
    const how = isLeaving ? 'finalize' : 'concurrently';
    await raw(connection, `alter table platform.event_log detach partition platform.${name} ${how}`);
    await raw(connection, `drop table platform.${name}`);
  });
}

/** Drops tables that an interrupted run detached from the log. */
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
 * Runs work on a connection without the timeouts of requests: a concurrent detach waits for all readers of the log. It
 * is no write transaction, so the log's tail is not held back meanwhile.
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
    // A projection's agent may live, and the projection itself be renamed or gone: it has no heartbeat of its own.
    `select consumer, since from (
       select c.consumer, c.moved_at, case when c.consumer like '%.%' then c.moved_at else a.heartbeat_at end as since
         from platform.log_cursor c left join platform.agent a on a.name = c.consumer where c.xid <= $1::xid8) behind
      where coalesce(since, moved_at) < $2::timestamptz order by consumer`,
    [String(upTo), silentSince],
  );
  return rows;
}
