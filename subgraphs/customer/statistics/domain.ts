/** How a customer's order follows its events, and what counts for the customer's figures. Pure. */
import type { CustomerOrderRow } from './entities.ts';

/** A fact of an order, by one of its events. */
export type OrderFact = { id: string; version: number } & (
  | ({ fact: 'PLACED' } & Pick<CustomerOrderRow, 'customerId' | 'status' | 'currency' | 'totalMinor' | 'placedAt'>)
  | { fact: 'MOVED'; status: string }
  | { fact: 'PAID'; paymentStatus: string; refundedMinor: bigint }
);

/** Statuses of orders whose payment was captured: an order is processed once it is. */
export const PAID = ['PROCESSING', 'PARTIALLY_SHIPPED', 'SHIPPED', 'DELIVERED', 'RETURNED', 'REFUNDED'];

/**
 * The order after a fact. A fact of a version that the row shows already changes nothing: the row may have been filled
 * from the order itself. So does a fact of an order that is not known, which is a guest's.
 */
export function after(order: CustomerOrderRow | undefined, fact: OrderFact): CustomerOrderRow | undefined {
  if (order && order.version >= fact.version) return order;
  const { version } = fact;
  if (fact.fact === 'PLACED') {
    const { id, customerId, status, currency, totalMinor, placedAt } = fact;
    return order ?? { id, customerId, status, currency, totalMinor, placedAt, refundedMinor: 0n, version };
  }
  if (!order) return undefined;
  if (fact.fact === 'MOVED') return { ...order, status: fact.status, version };
  // A payment that is refunded whole may not say how much the last refund was.
  const refundedMinor = fact.paymentStatus === 'REFUNDED' ? order.totalMinor : order.refundedMinor + fact.refundedMinor;
  return { ...order, refundedMinor, version };
}
