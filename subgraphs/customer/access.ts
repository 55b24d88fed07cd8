import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which customers an actor sees: staff and agents all, a customer itself. A guest is no customer. */
export const readableCustomers = (actor: Actor): Rows => (actor.may('customer:read') ? 'ALL' : own(actor));

/** Which customers an actor may change. */
export const writableCustomers = (actor: Actor): Rows => (actor.may('customer:write') ? 'ALL' : own(actor));

const own = ({ customerId }: Actor): Rows => (customerId ? [{ id: customerId }] : 'NONE');
