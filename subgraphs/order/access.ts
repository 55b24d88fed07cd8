import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** The owner of an order: its customer, or the guest who has its token. A contact belongs to the owner of its order. */
export const own = {
  orders: { customerId: 'customerId', id: 'orderId' },
  order_contact: { through: 'orders', by: 'orderId' },
} satisfies OwnTables;

/** Which orders an actor sees: staff all, customers their own, a guest the one of the token. */
export const readableOrders = rowsOf('order:read', own.orders);

/** Which orders' contacts an actor sees: operators all; staff who only read see orders without their buyers. */
export const readableContacts = rowsOf('order:personal', own.orders);

/** Which orders an actor may cancel. */
export const writableOrders = rowsOf('order:write', own.orders);

/** An actor's own orders: a customer's, or the one of a guest's token. */
export const ownOrders = ownRows(own.orders);

/**
 * Whether an actor may see, change and order a cart: a customer's is the customer's, a guest's is open to every caller
 * that knows its id, and operators act for customers, whose carts and orders stay theirs.
 */
export const mayUseCart = (actor: Actor, { customerId }: { customerId: string | null }): boolean =>
  customerId === null || customerId === actor.customerId || actor.may('order:write');
