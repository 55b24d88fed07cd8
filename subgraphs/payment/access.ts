import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which payments an actor sees: staff all, a customer its own, a guest that of its order. */
export const readablePayments = (actor: Actor): RowFilter => (actor.may('payment:read') ? 'ALL' : ownPayments(actor));

/** Which payments an actor may confirm at the bank's: its own. */
export const confirmablePayments = (actor: Actor): RowFilter => ownPayments(actor);

/**
 * Of which payments an actor sees what their buyer has to do, and where: its own, and all if it may act for buyers. Staff
 * who only read see that something has to be done, by the status, and not the buyer's own page at the bank.
 */
export const actionablePayments = (actor: Actor): RowFilter =>
  actor.may('payment:write') ? 'ALL' : ownPayments(actor);

function ownPayments({ customerId, orderId }: Actor): RowFilter {
  if (customerId) return [{ customerId }];
  return orderId ? [{ orderId }] : 'NONE';
}
