/** The log's partitions: without one for the current transaction id every append fails, and old ones are to go. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Transaction ids in one partition; the first ones are made by the migration. Days of traffic: every write takes one. */
export const PARTITION_WIDTH = 10_000_000n;
/** Partitions made ahead of the current one. */
const AHEAD = 2n;

/** A part of the log. */
export interface Partition {
  name: string;
  /** The first transaction id that it takes. */
  from: bigint;
  /** The first one behind it. */
  to: bigint;
  /** It is being taken out; something came between. */
  isLeaving: boolean;
}

/** Makes the partitions to come that are not there yet, and returns their names. One process at a time does it. */
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

/** The partitions that the log has, the oldest first. */
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

/** How many partitions wait for transactions to come. Below two, somebody should look: without one nothing is written. */
export async function partitionsAhead(kysely: Kysely<any>): Promise<number> {
  const { rows } = await raw<{ xid: string }>(kysely, `select pg_snapshot_xmax(pg_current_snapshot())::text as xid`);
  const current = BigInt(rows[0]!.xid);
  return (await partitions(kysely)).filter(({ from }) => from > current).length;
}
