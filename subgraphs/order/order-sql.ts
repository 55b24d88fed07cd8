/** What a command knows and changes of an order. Plain SQL, as every order is moved several times on its way. */
import type { Work } from '../../platform/store/store.ts';
import type { CancellationReason, OrderStatus, PaymentStatus, Tables } from './entities.ts';
import { type TimelineEntry, withTimeline } from './timeline.ts';

/** An order in a command, under its lock. */
export interface Order {
  readonly id: string;
  readonly number: string;
  readonly customerId: string | null;
  status: OrderStatus;
  paymentStatus: PaymentStatus;
  cancellationReason: CancellationReason | null;
  cancellationRequestedAt: Date | null;
  version: number;
}

export const findOrder = ({ sql }: Work<Tables>, id: string): Promise<Order | undefined> =>
  sql
    .selectFrom('orders')
    .select(['id', 'number', 'customer_id as customerId', 'status', 'version'])
    .select(['payment_status as paymentStatus', 'cancellation_reason as cancellationReason'])
    .select('cancellation_requested_at as cancellationRequestedAt')
    .where('id', '=', id)
    .executeTakeFirst() as Promise<Order | undefined>;

/** Saves it as its next version, with what is new in its timeline, in one statement. */
export async function saveOrder(
  { sql }: Work<Tables>,
  order: Order,
  now: Date,
  entries: readonly TimelineEntry[],
): Promise<void> {
  const changed = {
    status: order.status,
    payment_status: order.paymentStatus,
    cancellation_reason: order.cancellationReason,
    cancellation_requested_at: order.cancellationRequestedAt,
    updated_at: now,
    version: order.version + 1,
  };
  const saved = await withTimeline(sql, order.id, entries)
    .updateTable('orders')
    .set(changed as never)
    .where('id', '=', order.id)
    .where('version', '=', order.version)
    .executeTakeFirst();
  // Whoever changes an order holds its lock: this cannot be a race that was lost, and is never to be tried again.
  if (saved.numUpdatedRows !== 1n) throw new Error(`order ${order.id} was changed without its lock`);
  order.version++;
}
