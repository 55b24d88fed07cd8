/**
 * Ownership of a table's rows: declared once, as `own` in a room's `access.ts`, for the row filter of its reads and writes
 * and, if `agent.ts` confines the table, for the policy of row-level security beneath it (confined.ts).
 */
import type { Actor } from '../identity/actor.ts';
import type { ROOM_CLAIMS } from '../identity/claims.generated.ts';
import type { RowFilter } from './row-filter.ts';

/** A claim of the actor's token that identifies them: the platform's own, and those that rooms declare. */
export type Claim = keyof (Pick<Actor, 'id' | 'customerId' | 'merchantId' | 'orderId'> & typeof ROOM_CLAIMS);

/** A row is an actor's own if any of these properties has the claim: `{ customerId: 'customerId' }`. */
export type OwnRows = Readonly<Record<string, Claim>>;

/** Ownership through a foreign key: a row belongs to the owner of the row of `through` that its property `by` names. */
export interface Through {
  readonly through: string;
  readonly by: string;
}

/** Ownership of rows by table, of one room. */
export type OwnTables = Readonly<Record<string, OwnRows | Through>>;

/** Whether ownership goes through another table. */
export const isThrough = (rows: OwnRows | Through): rows is Through => 'through' in rows;

/** The claims of one actor. */
export type Claims = Readonly<Partial<Record<Claim, string>>>;

/** An id, whose characters may stand in a setting of PostgreSQL as they are. */
const ID = /^[\w:.-]{1,200}$/;

/**
 * The claims by which rows are an actor's own; a claim that is no id counts for nothing. The token of one order opens the
 * rows of that order alone, whatever other claims it has: it may be handed on, and must not bring a customer's other rows
 * along.
 */
export function claimsOf({ id, customerId, merchantId, orderId, ownerIds }: Actor): Claims {
  const claims = orderId ? { orderId } : { ...ownerIds, id, customerId, merchantId, orderId };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => typeof value === 'string' && ID.test(value)));
}

/** The row filter of a table for an actor. */
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

/** All rows for an actor with this scope, and for others their own: `rowsOf('wishlist:read', own.wishlist)`. */
export const rowsOf = (scope: string, own: OwnRows): RowsFor => {
  const theirs = ownRows(own);
  return (actor) => (actor.may(scope) ? 'ALL' : theirs(actor));
};
