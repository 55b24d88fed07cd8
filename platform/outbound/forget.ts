/** Retention: deletes old deliveries, and endpoints that were deleted, in chunks. */
import type { Kysely } from 'kysely';
import { deleteInChunks } from '../data/in-chunks.ts';
import type { OutboundTables } from './entities.ts';

/** Deliveries deleted by one statement, which takes well below the time that a transaction may take. */
const CHUNK = 1000;

/** Options for forgetting. */
export interface ForgetOptions {
  now: Date;
  /** Retention in days. */
  keptDays: number;
  signal: AbortSignal;
}

/** Deletes deliveries that are older than they are kept, whatever their status, and all that is left of deleted endpoints. */
export async function forgetDeliveries(
  db: Kysely<OutboundTables>,
  { now, keptDays, signal }: ForgetOptions,
): Promise<void> {
  const before = new Date(now.getTime() - keptDays * 86_400_000);
  const deleted = db.selectFrom('outbound_endpoint').select('id').where('status', '=', 'DELETED');
  const deliveries = db.selectFrom('outbound_delivery').select('id');
  const old = deliveries.where('recordedAt', '<', before).orderBy('recordedAt');
  const left = deliveries.where('endpointId', 'in', deleted);
  const gone = db.deleteFrom('outbound_delivery');
  await deleteInChunks(CHUNK, signal, (limit) =>
    // Said again, since this alone is looked at anew in a row that was locked: what a replay records at this moment stays.
    gone.where('id', 'in', old.limit(limit)).where('recordedAt', '<', before),
  );
  await deleteInChunks(CHUNK, signal, (limit) => gone.where('id', 'in', left.limit(limit)));
  if (signal.aborted) return;
  await db
    .deleteFrom('outbound_endpoint')
    .where('status', '=', 'DELETED')
    .where('id', 'not in', db.selectFrom('outbound_delivery').select('endpointId').where('endpointId', 'in', deleted))
    .execute();
}
