import type { Actor } from './actor.ts';

/**
 * Whether an actor may see who a customer is: the customer itself, operators and agents. Rooms that refer to a customer
 * ask this, and refer to none where it does not hold; the agent of customers decides by it too.
 */
export const seesCustomer = (actor: Actor, customerId: string): boolean =>
  actor.customerId === customerId || actor.may('customer:personal');
