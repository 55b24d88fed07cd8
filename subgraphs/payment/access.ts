import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which payments an actor sees: staff all, a customer its own, a guest that of its order. */
export const readablePayments = (actor: Actor): Rows => (actor.may('payment:read') ? 'ALL' : ownPayments(actor));

/** Which payments an actor may confirm at the bank's: its own. */
export const confirmablePayments = (actor: Actor): Rows => ownPayments(actor);

function ownPayments({ customerId, orderId }: Actor): Rows {
  if (customerId) return [{ customer_id: customerId }];
  return orderId ? [{ order_id: orderId }] : 'NONE';
}
