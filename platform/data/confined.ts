/**
 * Row-level security for tables of money and personal data, beneath `access.ts`: customers, merchants and guests read
 * them through a role that sees their own rows alone, so that a forgotten condition shows nothing. Staff and agents
 * read with the agent's own role.
 */
import type { Actor } from '../identity/actor.ts';
import { columnName } from './column-name.ts';
import { ACTIONS } from '../identity/roles.ts';

/** A claim of the actor's token that identifies them. */
export type Claim = 'id' | 'customerId' | 'merchantId' | 'orderId';

/** Ownership of rows: a row is the actor's if any of these properties equals the claim. */
export type OwnRows = { readonly [property: string]: Claim } | Through;

/** Ownership through a foreign key: a row belongs to the owner of the row of `through` that its property `by` names. */
export interface Through {
  readonly through: string;
  readonly by: string;
}

/** Ownership of rows by table, of one agent's schema. */
export type Confined = Readonly<Record<string, OwnRows>>;

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
export const claimsOf = (confined: Confined): Claim[] => [
  ...new Set(Object.values(confined).flatMap((rows) => columnsOf(rows).map(([, claim]) => claim))),
];

/** The columns of a table that are compared with a claim. */
export const columnsOf = (rows: OwnRows): [column: string, claim: Claim][] =>
  isThrough(rows) ? [] : Object.entries(rows).map(([property, claim]) => [columnName(property), claim as Claim]);

/** Whether ownership goes through another table. */
export const isThrough = (rows: OwnRows): rows is Through => 'through' in rows;
