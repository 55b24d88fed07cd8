import { type OwnTables, ownRows, rowsOf } from '../../platform/data/own-rows.ts';

/** The owner of a payment, and of its refunds: its customer, or the guest who has the token of its order. */
export const own = {
  payment: { customerId: 'customerId', orderId: 'orderId' },
  refund: { through: 'payment', by: 'paymentId' },
} satisfies OwnTables;

/** Which payments an actor sees: staff all, a customer its own, a guest that of its order. */
export const readablePayments = rowsOf('payment:read', own.payment);

/** Which payments an actor may confirm at the bank's: its own. */
export const confirmablePayments = ownRows(own.payment);

/**
 * Which payments' next actions an actor sees: its own, and all if it may act for buyers. Staff who only read see by the
 * status that an action is required, and not the buyer's own page at the bank.
 */
export const actionablePayments = rowsOf('payment:write', own.payment);
