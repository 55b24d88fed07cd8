/** What a key is good for. Pure: no I/O, no clock, no randomness. */
import { Actor } from '../../../platform/identity/actor.ts';
import type { AccountRow, Role } from '../entities.ts';
import { scopesLeft } from './domain.ts';
import type { ApiKeyRow } from './entities.ts';

/** A key as it is kept, and its maker as they are now. */
export interface KeptKey extends Pick<ApiKeyRow, 'id' | 'userId'> {
  scopes: readonly string[];
  /** The merchant that its maker worked for when they made it, if they did. */
  madeFor: string | null;
  /** Its maker's, now. */
  roles: readonly Role[];
  /** The merchant that its maker works for now, while they have the role. */
  merchantId: AccountRow['merchantId'];
}

/**
 * Whom a key stands for: its maker, as far as both go, what they could when they made it and what they can now. So a key
 * loses what its maker loses and never gains: made for one merchant's rows it is not good for everybody's when its maker
 * becomes an operator, nor for another merchant's when they go there, which leaves nothing of it.
 */
export function keyActor({ id, userId, scopes, madeFor, roles, merchantId: makersMerchant }: KeptKey): Actor {
  const worksFor = roles.includes('MERCHANT') ? makersMerchant : null;
  const hasMoved = madeFor !== null && worksFor !== null && madeFor !== worksFor;
  const left = hasMoved ? [] : scopesLeft(scopes, new Actor({ id: userId, roles }));
  const merchantId = left.length > 0 ? (madeFor ?? worksFor ?? undefined) : undefined;
  return new Actor({ id: userId, roles: [], scopes: left, merchantId, apiKeyId: id });
}
