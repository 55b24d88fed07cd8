/**
 * A room's part of the permission walk, its `world.ts`: one of each of its things, and exceptions that the walk cannot
 * know.
 */
import type { Actor } from '../../../platform/identity/actor.ts';
import type { EmbeddedPlatform } from '../../support/platform.ts';
import type { Asker, Owner, Thing } from './things.ts';

/** Things of one room, made as their owners would make them: through the API. */
export interface RoomWorld {
  /** Rooms whose things it builds on: theirs are made first. */
  after?: readonly string[];
  /** The actions on its own that it grants to roles, said a second time and apart from `agent.ts`, so that a slip is seen. */
  grants?: Readonly<Record<string, readonly string[]>>;
  /** Things without an owner. */
  ofHouse?(walk: Walk): Promise<Thing[]>;
  /** One of each for a merchant, and for another merchant. */
  ofMerchant?(walk: Walk, merchant: Person): Promise<Thing[]>;
  /** One of each for a customer, and for another customer. */
  ofCustomer?(walk: Walk, customer: Person): Promise<Thing[]>;
  /** One of each for a guest, who is known by an order's token. */
  ofGuest?(walk: Walk, guest: Person): Promise<Thing[]>;
  /** Mutations whose thing comes from outside, so that the walk has none to name. */
  mutationsOfOutsideThings?: readonly string[];
  /** Inputs that only refer to a thing, and change nothing of it: `createWishlist.variantId`. All may name what all may see. */
  references?: readonly string[];
  /** Subscriptions whose cursors are their own and not of the event log. */
  subscriptionsWithOwnCursors?: readonly string[];
  /** Lists that hold one's own things only, whatever else one may see. */
  listsOfOwn?: readonly string[];
  /** Lists that hold only some of what one may see, such as what waits: others' things are never in them. */
  listsOfSome?: readonly string[];
  /** A row of the owner in each table that the room confines, for the tests of row-level security. */
  confinedRows?(owner: RowOwner): readonly Statement[];
}

/** An SQL statement and its parameters. */
export type Statement = readonly [text: string, parameters: readonly unknown[]];

/** Owner of rows: a customer with an order of theirs, or a guest, who has the token of one. */
export interface RowOwner {
  customerId?: string;
  merchantId?: string;
  orderId: string;
  /** A text that is to stand in each row, and says whose it is. */
  mark: string;
}

/** A person whose things are made. */
export interface Person {
  who: Asker;
  /** The owner of their things. */
  of: Owner;
  fullName: string;
  email: string;
}

/** The shop under the walk, and the things that were made in it so far. */
export interface Walk {
  shop: EmbeddedPlatform;
  /** All things so far. */
  things: readonly Thing[];
  /** An actor with the rights of the business. */
  admin: Actor;
  /** A text that occurs nowhere else. */
  unique(what: string): string;
  /** The answer of a mutation that takes `$input`. @throws Error for a userError */
  // biome-ignore lint/suspicious/noExplicitAny: a room knows the shape that it asked for
  tell(text: string, input: object, as: Actor | undefined): Promise<any>;
  /** The answer of a query. */
  // biome-ignore lint/suspicious/noExplicitAny: a room knows the shape that it asked for
  ask(text: string, variables: object, as: Actor | undefined): Promise<any>;
  /** The things of a type that the person owns, or keeps where all may see them. */
  thingsOf(person: Person, type: string): Thing[];
  /** Waits until a saga has completed. */
  sagaEnds(id: string): Promise<void>;
  /** Makes a guest of the holder of this order's token. */
  guestOf(guest: Person, orderId: string): void;
}
