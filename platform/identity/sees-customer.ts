import type { Actor } from './actor.ts';

/**
 * Whether an actor may see a customer's identity: the customer itself, operators and agents. Rooms answer a reference
 * to a customer with null otherwise; the agent customer decides by it too.
 */
export const seesCustomer = (actor: Actor, customerId: string): boolean =>
  actor.customerId === customerId || actor.may('customer:personal');
