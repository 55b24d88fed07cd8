/**
 * Row-level security for tables of money and personal data, beneath `access.ts`: customers, merchants and guests read
 * them through a role that sees their own rows alone, so that a forgotten condition shows nothing. Staff and agents
 * read with the agent's own role.
 */
import type { Actor } from '../identity/actor.ts';
import { ACTIONS } from '../identity/roles.ts';
import { type Claim, isThrough, type OwnTables } from './own-rows.ts';

/** Names of the transaction-local settings that carry the claims to the policies. */
export const SETTINGS: Readonly<Record<Claim, string>> = {
  id: 'agora.actor_id',
  customerId: 'agora.customer_id',
  merchantId: 'agora.merchant_id',
  orderId: 'agora.order_id',
};

/** Whether an actor sees only their own rows of an agent: they hold no scope of it. */
export const isConfined = (actor: Actor, agent: string): boolean =>
  !Object.keys(ACTIONS).some((action) => actor.may(`${agent}:${action}`));

/** The claims that the rows are compared with. */
export const claimsIn = (confined: OwnTables): Claim[] => [
  ...new Set(Object.values(confined).flatMap((rows) => (isThrough(rows) ? [] : Object.values(rows)))),
];
