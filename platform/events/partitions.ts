/** The log's partitions to come: without one for the current transaction id every append fails. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Transaction ids in one partition; the first ones are made by the migration. Days of traffic: every write takes one. */
const WIDTH = 10_000_000n;
/** Partitions made ahead of the current one. */
const AHEAD = 2n;

/** Makes the partitions to come that are not there yet, and returns their names. One process at a time does it. */
export async function createPartitions(kysely: Kysely<any>): Promise<string[]> {
  const { rows } = await raw<{ xid: string }>(kysely, `select pg_snapshot_xmax(pg_current_snapshot())::text as xid`);
  const current = BigInt(rows[0]!.xid) / WIDTH;
  const existing = new Set(await partitions(kysely));
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
      `alter table platform.event_log attach partition platform.${name} for values from ('${n * WIDTH}') to ('${(n + 1n) * WIDTH}')`,
    );
    created.push(name);
  }
  return created;
}

/** The partitions that the log has. */
export async function partitions(kysely: Kysely<any>): Promise<string[]> {
  const { rows } = await raw<{ name: string }>(
    kysely,
    `select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'platform.event_log'::regclass order by c.relname`,
  );
  return rows.map((row) => row.name);
}
