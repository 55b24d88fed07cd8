import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Whose a profile is, and whose an address: the customer's. */
export const own = {
  customer: { id: 'customerId' },
  address: { customerId: 'customerId' },
} satisfies OwnTables;

/**
 * Which customers an actor sees: operators and agents all, a customer itself. A guest is no customer. There is little of
 * a customer that is not personal, so staff who only read see none.
 */
export const readableCustomers = rowsOf('customer:personal', own.customer);

/** Which customers an actor may change: of those that it sees, or it could not tell what it has done. */
export const writableCustomers = (actor: Actor): RowFilter =>
  actor.may('customer:write') ? readableCustomers(actor) : ownCustomers(actor);

const ownCustomers = ownRows(own.customer);
