/**
 * Tables of money and personal data whose rows PostgreSQL itself keeps from whom they do not belong to, beneath
 * `access.ts`: what a customer, a merchant or a guest is shown of them is read as a role that sees their rows and no
 * other, so that a condition that was forgotten shows nothing. Staff and agents read as ever.
 */
import type { Actor } from '../identity/actor.ts';
import { columnName } from './column-name.ts';
import { ACTIONS } from '../identity/roles.ts';

/** What an actor's token says of whom they are. */
export type Claim = 'id' | 'customerId' | 'merchantId' | 'orderId';

/** A row is theirs if any of these properties has the claim. */
export type OwnRows = { readonly [property: string]: Claim } | Through;

/** Whatever belongs to a row of another table belongs to whom that does. */
export interface Through {
  readonly through: string;
  readonly by: string;
}

/** Whose rows, by table, of one agent's schema. */
export type Confined = Readonly<Record<string, OwnRows>>;

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
export const claimsOf = (confined: Confined): Claim[] => [
  ...new Set(Object.values(confined).flatMap((rows) => columnsOf(rows).map(([, claim]) => claim))),
];

/** The columns of a table that are compared with a claim. */
export const columnsOf = (rows: OwnRows): [column: string, claim: Claim][] =>
  isThrough(rows) ? [] : Object.entries(rows).map(([property, claim]) => [columnName(property), claim as Claim]);

/** Whether the rows are those of another table's. */
export const isThrough = (rows: OwnRows): rows is Through => 'through' in rows;
