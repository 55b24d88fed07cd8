import type { Work } from '../../platform/store/store.ts';
import type { OrderRow, Tables } from './entities.ts';
import { type TimelineEntry, withTimeline } from './timeline.ts';

/** Changes of an order by a command; absent fields stay. */
export type OrderChanges = Partial<
  Pick<OrderRow, 'status' | 'paymentStatus' | 'cancellationReason' | 'cancellationRequestedAt'>
> &
  Pick<OrderRow, 'updatedAt'>;

/**
 * Saves an order as its next version, or as a later one after several moves at once, and returns it. One statement also
 * writes the new entries of the timeline, since every order is moved several times.
 */
export async function saveOrder(
  { sql }: Work<Tables>,
  order: OrderRow,
  changes: OrderChanges,
  entries: readonly TimelineEntry[],
  versions = 1,
): Promise<OrderRow> {
  const saved = { ...order, ...changes, version: order.version + versions };
  const { status, paymentStatus, cancellationReason, cancellationRequestedAt, updatedAt, version } = saved;
  const { numUpdatedRows } = await withTimeline(sql, order.id, entries)
    .updateTable('orders')
    .set({ status, paymentStatus, cancellationReason, cancellationRequestedAt, updatedAt, version })
    .where('id', '=', order.id)
    .where('version', '=', order.version)
    .executeTakeFirst();
  // A command holds the lock of the order: this cannot be a lost race, and must not be retried.
  if (numUpdatedRows !== 1n) throw new Error(`order ${order.id} was changed without its lock`);
  return saved;
}
