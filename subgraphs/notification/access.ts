import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Whose a message is: its customer's. */
export const own = { message: { customerId: 'customerId' } } satisfies OwnTables;

/** Whose messages an actor sees: operators all, a customer its own. */
export const readableMessages = (actor: Actor): RowFilter => rowsOf(actor, 'notification:personal', own.message);

/** The actor's own messages: its inbox, and those that it may mark as read. */
export const ownMessages = (actor: Actor): RowFilter => ownRows(actor, own.message);
