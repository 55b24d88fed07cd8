import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which orders an actor sees: staff all, customers their own, a guest the one of the token. */
export function readableOrders(actor: Actor): RowFilter {
  return actor.may('order:read') ? 'ALL' : ownOrders(actor);
}

/** Of which orders an actor sees to whom they go: operators all; staff who only read see the order without its buyer. */
export function readableContacts(actor: Actor): RowFilter {
  return actor.may('order:personal') ? 'ALL' : ownOrders(actor);
}

/** Which orders an actor may cancel. */
export function writableOrders(actor: Actor): RowFilter {
  return actor.may('order:write') ? 'ALL' : ownOrders(actor);
}

/** An actor's own orders: a customer's, or the one of a guest's token. */
export function ownOrders(actor: Actor): RowFilter {
  if (actor.orderId) return [{ id: actor.orderId }];
  return actor.customerId ? [{ customerId: actor.customerId }] : 'NONE';
}

/**
 * Whether an actor may see, change and order a cart: a customer's is the customer's, a guest's is whoever's knows its id,
 * and operators act for customers, whose carts and orders stay theirs.
 */
export const mayUseCart = (actor: Actor, { customerId }: { customerId: string | null }): boolean =>
  customerId === null || customerId === actor.customerId || actor.may('order:write');
