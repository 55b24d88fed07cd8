import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';

/** The owner of a message: its customer. */
export const own = { message: { customerId: 'customerId' } } satisfies OwnTables;

/** Which messages an actor sees: operators all, a customer its own. */
export const readableMessages = rowsOf('notification:personal', own.message);

/** The actor's own messages: its inbox, and those that it may mark as read. */
export const ownMessages = ownRows(own.message);
