/** The log's partitions by transaction id: without one for the current id every append fails; old ones are dropped. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Transaction ids per partition, days of traffic, since every write takes one. The migration creates the first ones. */
export const PARTITION_WIDTH = 10_000_000n;
/** Number of partitions created ahead of the current one. */
const AHEAD = 2n;

/** A partition of the log. */
export interface Partition {
  name: string;
  /** The first transaction id in it. */
  from: bigint;
  /** The first transaction id after it. */
  to: bigint;
  /** Its detach was interrupted and is pending. */
  isLeaving: boolean;
}

/** Creates missing future partitions and returns their names. Run it in one process at a time. */
export async function createPartitions(kysely: Kysely<any>, width = PARTITION_WIDTH): Promise<string[]> {
  const { rows } = await raw<{ xid: string }>(kysely, `select pg_snapshot_xmax(pg_current_snapshot())::text as xid`);
  const current = BigInt(rows[0]!.xid) / width;
  const existing = new Set((await partitions(kysely)).map(({ name }) => name));
  const created: string[] = [];
  for (let n = current; n <= current + AHEAD; n++) {
    const name = `event_log_${n}`;
    if (existing.has(name)) continue;
    // Attached, not created in place: `create table ... partition of` would lock the log behind its longest reader.
    await raw(
      kysely,
      `create table if not exists platform.${name}
         (like platform.event_log including defaults including constraints including indexes)`,
    );
    await raw(
      kysely,
      `alter table platform.event_log attach partition platform.${name} for values from ('${n * width}') to ('${(n + 1n) * width}')`,
    );
    created.push(name);
  }
  return created;
}

/** All partitions of the log, the oldest first. */
export async function partitions(kysely: Kysely<any>): Promise<Partition[]> {
  const { rows } = await raw<{ name: string; bound: string; leaving: boolean }>(
    kysely,
    `select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bound, i.inhdetachpending as leaving
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'platform.event_log'::regclass`,
  );
  return rows
    .map(({ name, bound, leaving }) => {
      const [, from = '0', to = '0'] = /FROM \('(\d+)'\) TO \('(\d+)'\)/.exec(bound) ?? [];
      return { name, from: BigInt(from), to: BigInt(to), isLeaving: leaving };
    })
    .sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Number of future partitions. Below two an operator should look: without a partition nothing can be written. */
export async function partitionsAhead(kysely: Kysely<any>): Promise<number> {
  const { rows } = await raw<{ xid: string }>(kysely, `select pg_snapshot_xmax(pg_current_snapshot())::text as xid`);
  const current = BigInt(rows[0]!.xid);
  return (await partitions(kysely)).filter(({ from }) => from > current).length;
}
