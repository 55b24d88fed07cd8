/**
 * Things of the shop and their owners: the walk's expectations, written down once more and apart from every
 * `access.ts`.
 */
import { ANONYMOUS, Actor } from '../../../platform/identity/actor.ts';
import type { Role } from '../../../platform/identity/roles.ts';
import { HOLDS, type Holder } from './oracle.ts';

/** A thing that an id names. */
export interface Thing {
  /** Its type in the graph. */
  type: string;
  id: string;
  /** Other arguments that name it: a number, a slug. */
  keys?: Record<string, string>;
  /** Its owner: any of these. Nobody's: it is open to everyone who may ask at all. */
  of: Owner | 'nobody';
  /** The owner of changes to it, where all may see it. */
  keptBy?: Owner;
  /** Scopes with which others see it: any of these. */
  seenWith: readonly string[];
  /** Texts that occur in it and nowhere else, and the scopes with which others may know them. */
  secrets?: readonly Secret[];
}

/** The user, the customer, the merchant that something belongs to, or the order whose token opens it. */
export interface Owner {
  user?: string;
  customer?: string;
  merchant?: string;
  order?: string;
}

/** A text that must not reach other askers. */
export interface Secret {
  text: string;
  /** Scopes of those who know it, beside its owner. */
  knownWith: readonly string[];
}

/** A caller who asks. */
export interface Asker extends Holder {
  name: string;
  actor: Actor | undefined;
  may(scope: string): boolean;
}

/** A caller with these roles and claims. */
export function asker(
  name: string,
  roles: readonly Role[],
  claims: Partial<ConstructorParameters<typeof Actor>[0]> = {},
): Asker {
  const actor = new Actor({ id: `user_${name.replaceAll(' ', '_')}`, ...claims, roles });
  const holds: Holder['holds'] = (agent, action) =>
    roles.some((role) => HOLDS[role]!(agent, action)) || (claims.scopes ?? []).includes(`${agent}:${action}`);
  const may = (scope: string) => holds(...(scope.split(':') as [string, string]));
  return { name, actor, isAnonymous: false, holds, may };
}

/** An anonymous caller. */
export const NOBODY: Asker = {
  name: 'nobody',
  actor: undefined,
  isAnonymous: true,
  holds: () => false,
  may: () => false,
};

/** Whether the asker owns the thing. */
export function owns({ actor = ANONYMOUS }: Asker, { of }: Thing): boolean {
  if (of === 'nobody') return true;
  const theirs = { user: actor.id, customer: actor.customerId, merchant: actor.merchantId, order: actor.orderId };
  return Object.entries(of).some(([kind, id]) => theirs[kind as keyof typeof theirs] === id);
}

/** Whether the asker is to see the thing. */
export const sees = (who: Asker, thing: Thing): boolean => owns(who, thing) || thing.seenWith.some(who.may);

/** The secrets of all things that the asker is not to know. */
export const unknownTo = (who: Asker, things: readonly Thing[]): string[] =>
  things.flatMap((thing) =>
    (thing.secrets ?? [])
      .filter(({ knownWith }) => !owns(who, thing) && !knownWith.some(who.may))
      .map(({ text }) => text),
  );
