import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** The owner of a profile, of an address and of an order's figures: its customer. */
export const own = {
  customer: { id: 'customerId' },
  address: { customerId: 'customerId' },
  customer_order: { customerId: 'customerId' },
} satisfies OwnTables;

/**
 * Which customers an actor sees: operators and agents all, a customer itself. A guest is no customer. Nearly all data
 * of a customer is personal, so staff who only read see none.
 */
export const readableCustomers = rowsOf('customer:personal', own.customer);

/** Which customers an actor may change: only such as it sees, or it could not read its own changes. */
export const writableCustomers = (actor: Actor): RowFilter =>
  actor.may('customer:write') ? readableCustomers(actor) : ownCustomers(actor);

const ownCustomers = ownRows(own.customer);
