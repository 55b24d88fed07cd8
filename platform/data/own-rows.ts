/**
 * Whose rows a table's are: said once, as `own` in a room's `access.ts`, for the filter of its reads and writes and, where
 * `agent.ts` confines the table, for the policy of PostgreSQL beneath it (confined.ts).
 */
import type { Actor } from '../identity/actor.ts';
import type { RowFilter } from './row-filter.ts';

/** What an actor's token says of whom they are. */
export type Claim = 'id' | 'customerId' | 'merchantId' | 'orderId';

/** A row is an actor's own if any of these properties has the claim: `{ customerId: 'customerId' }`. */
export type OwnRows = Readonly<Record<string, Claim>>;

/** Whatever belongs to a row of another table belongs to whom that does. */
export interface Through {
  readonly through: string;
  readonly by: string;
}

/** Whose rows, by table, of one room. */
export type OwnTables = Readonly<Record<string, OwnRows | Through>>;

/** Whether the rows are those of another table's. */
export const isThrough = (rows: OwnRows | Through): rows is Through => 'through' in rows;

/** The claims of one actor. */
export type Claims = Readonly<Partial<Record<Claim, string>>>;

/** All that an id is made of: it may stand in a setting of PostgreSQL as it is. */
const ID = /^[\w:.-]{1,200}$/;

/**
 * The claims by which rows are an actor's own. What is no id is nobody's. The token of one order opens what is that
 * order's and nothing else, whatever it says beside it: it may be handed on, and must not bring a customer's other rows
 * along.
 */
export function claimsOf({ id, customerId, merchantId, orderId }: Actor): Claims {
  const claims = orderId ? { orderId } : { id, customerId, merchantId };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined && ID.test(value)));
}

/** Which rows of a table for which actor. */
export type RowsFor = (actor: Actor) => RowFilter;

/** The actor's own rows. */
export const ownRows =
  (own: OwnRows): RowsFor =>
  (actor) => {
    const claims = claimsOf(actor);
    const matches = Object.entries(own).flatMap(([property, claim]) => {
      const value = claims[claim];
      return value === undefined ? [] : [{ [property]: value }];
    });
    return matches.length === 0 ? 'NONE' : matches;
  };

/** All rows for an actor with this scope, for everybody else their own: `rowsOf('wishlist:read', own.wishlist)`. */
export const rowsOf = (scope: string, own: OwnRows): RowsFor => {
  const theirs = ownRows(own);
  return (actor) => (actor.may(scope) ? 'ALL' : theirs(actor));
};
