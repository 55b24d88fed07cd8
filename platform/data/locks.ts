import type { Kysely } from 'kysely';
import { raw } from './raw.ts';

/**
 * Serialises commands on the same things by advisory locks, until the transaction ends. It is the FIRST statement of a
 * transaction, before any write and under READ COMMITTED: the transaction id is drawn by the first write, so the holder
 * of the lock has a higher id than the holder before, and the event log, which is read in order of transaction ids,
 * holds each aggregate's events in order. Numbers alone are locked last (platform/numbers/number-draws.ts): they order no
 * events.
 */
export async function lock(transaction: Kysely<any>, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  // One statement, sorted by the hash itself, so that two commands never lock the same pair in opposite order.
  await raw(
    transaction,
    `select pg_advisory_xact_lock(k) from
       (select distinct hashtextextended(key, 0) k from unnest($1::text[]) key order by 1) locks`,
    [keys],
  );
}
