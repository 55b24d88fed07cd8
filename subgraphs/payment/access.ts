import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';

/** Whose a payment is: its customer's, or that of the guest who has the token of its order. */
export const own = { payment: { customerId: 'customerId', orderId: 'orderId' } } satisfies OwnTables;

/** Which payments an actor sees: staff all, a customer its own, a guest that of its order. */
export const readablePayments = rowsOf('payment:read', own.payment);

/** Which payments an actor may confirm at the bank's: its own. */
export const confirmablePayments = ownRows(own.payment);

/**
 * Of which payments an actor sees what their buyer has to do, and where: its own, and all if it may act for buyers. Staff
 * who only read see that something has to be done, by the status, and not the buyer's own page at the bank.
 */
export const actionablePayments = rowsOf('payment:write', own.payment);
