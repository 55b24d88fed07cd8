/** What a room's `world.ts` gives to the permission walk: one of each of its things, and what the walk cannot know of it. */
import type { Actor } from '../../../platform/identity/actor.ts';
import type { EmbeddedPlatform } from '../../support/platform.ts';
import type { Asker, Owner, Thing } from './things.ts';

/** Things of one room, made as their owners would make them: through the API. */
export interface RoomWorld {
  /** Rooms whose things it builds on: theirs are made first. */
  after?: readonly string[];
  /** The actions on its own that it grants to roles, said a second time and apart from `agent.ts`, so that a slip is seen. */
  grants?: Readonly<Record<string, readonly string[]>>;
  /** Things that are nobody's own. */
  ofHouse?(walk: Walk): Promise<Thing[]>;
  /** One of each for a merchant, and for another merchant. */
  ofMerchant?(walk: Walk, merchant: Person): Promise<Thing[]>;
  /** One of each for a customer, and for another customer. */
  ofCustomer?(walk: Walk, customer: Person): Promise<Thing[]>;
  /** One of each for a guest, who is known by an order's token. */
  ofGuest?(walk: Walk, guest: Person): Promise<Thing[]>;
  /** Mutations whose thing comes from outside, so that the walk has none to name. */
  mutationsOfOutsideThings?: readonly string[];
  /** Subscriptions whose cursors are their own and not of the event log. */
  subscriptionsWithOwnCursors?: readonly string[];
  /** Lists that hold one's own things only, whatever else one may see. */
  listsOfOwn?: readonly string[];
}

/** Somebody whose things are made. */
export interface Person {
  who: Asker;
  /** Whose their things are. */
  of: Owner;
  fullName: string;
  email: string;
}

/** The shop that is walked, and what is made of it so far. */
export interface Walk {
  shop: EmbeddedPlatform;
  /** All things that there are. */
  things: readonly Thing[];
  /** Somebody who may do what belongs to the business. */
  admin: Actor;
  /** A text that occurs nowhere else. */
  unique(what: string): string;
  /** The answer of a mutation that takes `$input`. @throws Error for a userError */
  // biome-ignore lint/suspicious/noExplicitAny: a room knows the shape that it asked for
  tell(text: string, input: object, as: Actor | undefined): Promise<any>;
  /** The answer of a query. */
  // biome-ignore lint/suspicious/noExplicitAny: a room knows the shape that it asked for
  ask(text: string, variables: object, as: Actor | undefined): Promise<any>;
  /** The things of a type that somebody owns, or keeps where all may see them. */
  thingsOf(person: Person, type: string): Thing[];
  /** Waits until a saga has completed. */
  sagaEnds(id: string): Promise<void>;
  /** Makes a guest of who has this order's token. */
  guestOf(guest: Person, orderId: string): void;
}
