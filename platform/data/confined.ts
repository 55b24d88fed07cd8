/**
 * Tables of money and personal data whose rows PostgreSQL itself keeps from whom they do not belong to, beneath
 * `access.ts`: what a customer, a merchant or a guest is shown of them is read as a role that sees their rows and no
 * other, so that a condition that was forgotten shows nothing. Staff and agents read as ever.
 */
import type { Actor } from '../identity/actor.ts';
import { ACTIONS } from '../identity/roles.ts';
import { type Claim, isThrough, type OwnTables } from './own-rows.ts';

/** What policies and readers call the claims: settings that last for a transaction. */
export const SETTINGS: Readonly<Record<Claim, string>> = {
  id: 'agora.actor_id',
  customerId: 'agora.customer_id',
  merchantId: 'agora.merchant_id',
  orderId: 'agora.order_id',
};

/** Whether an actor is shown nothing of an agent's but what is their own: who holds no scope of it. */
export const isConfined = (actor: Actor, agent: string): boolean =>
  !Object.keys(ACTIONS).some((action) => actor.may(`${agent}:${action}`));

/** Those of the claims that the rows are compared with. */
export const claimsIn = (confined: OwnTables): Claim[] => [
  ...new Set(Object.values(confined).flatMap((rows) => (isThrough(rows) ? [] : Object.values(rows)))),
];
