import type { Work } from '../../platform/data/store.ts';
import type { Tables } from './entities.ts';
import type { TimelineEntryType } from './resolvers.generated.ts';

/** Writes entries into an order's timeline, each kind once: a saga tells its whole story at every step. */
export async function writeTimeline(
  { sql }: Work<Tables>,
  orderId: string,
  entries: readonly { type: TimelineEntryType; at: Date }[],
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ type, at }) => ({ order_id: orderId, type, occurred_at: at }));
  await sql
    .insertInto('timeline_entry')
    .values(rows as never)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
