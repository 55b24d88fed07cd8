import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/**
 * Which customers an actor sees: operators and agents all, a customer itself. A guest is no customer. There is little of
 * a customer that is not personal, so staff who only read see none.
 */
export const readableCustomers = (actor: Actor): RowFilter => (actor.may('customer:personal') ? 'ALL' : own(actor));

/** Which customers an actor may change: of those that it sees, or it could not tell what it has done. */
export const writableCustomers = (actor: Actor): RowFilter =>
  actor.may('customer:write') && actor.may('customer:personal') ? 'ALL' : own(actor);

const own = ({ customerId }: Actor): RowFilter => (customerId ? [{ id: customerId }] : 'NONE');
