/** The bounds of an API key's scopes and rows. Pure: no I/O, no clock, no randomness. */
import { Actor } from '../../../platform/identity/actor.ts';
import type { AccountRow, Role } from '../entities.ts';
import { scopesLeft } from './domain.ts';
import type { ApiKeyRow } from './entities.ts';

/** A stored key, with its maker as of now. */
export interface KeptKey extends Pick<ApiKeyRow, 'id' | 'userId'> {
  scopes: readonly string[];
  /** The merchant, if any, that its maker worked for when making it. */
  madeFor: string | null;
  /** The present roles of its maker. */
  roles: readonly Role[];
  /** The merchant that its maker works for now, while they have the role. */
  merchantId: AccountRow['merchantId'];
}

/**
 * The actor of a key: its maker, with the intersection of the rights when the key was made and the rights now. So a key
 * loses what its maker loses and never gains: made for one merchant's rows it is not good for everybody's when its
 * maker becomes an operator, nor for another merchant's when the maker changes the merchant, which leaves no scope.
 */
export function keyActor({ id, userId, scopes, madeFor, roles, merchantId: makersMerchant }: KeptKey): Actor {
  const worksFor = roles.includes('MERCHANT') ? makersMerchant : null;
  const hasMoved = madeFor !== null && worksFor !== null && madeFor !== worksFor;
  const left = hasMoved ? [] : scopesLeft(scopes, new Actor({ id: userId, roles }));
  const merchantId = left.length > 0 ? (madeFor ?? worksFor ?? undefined) : undefined;
  return new Actor({ id: userId, roles: [], scopes: left, merchantId, apiKeyId: id });
}
