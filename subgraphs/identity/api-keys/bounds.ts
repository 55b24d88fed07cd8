/** What a key is good for. Pure: no I/O, no clock, no randomness. */
import { Actor } from '../../../platform/identity/actor.ts';
import type { UserRole } from '../entities.ts';
import { scopesLeft } from './domain.ts';

/** A key as it is kept, and its maker as they are now. */
export interface KeptKey {
  id: string;
  user_id: string;
  scopes: readonly string[];
  /** The merchant that its maker worked for when they made it, if they did. */
  made_for: string | null;
  /** Its maker's, now. */
  roles: readonly UserRole[];
  /** The merchant that its maker works for now, while they have the role. */
  merchant_id: string | null;
}

/**
 * Whom a key stands for: its maker, as far as both go, what they could when they made it and what they can now. So a key
 * loses what its maker loses and never gains: made for one merchant's rows it is not good for everybody's when its maker
 * becomes an operator, nor for another merchant's when they go there, which leaves nothing of it.
 */
export function keyActor({ id, user_id, scopes, made_for, roles, merchant_id }: KeptKey): Actor {
  const worksFor = roles.includes('MERCHANT') ? merchant_id : null;
  const hasMoved = made_for !== null && worksFor !== null && made_for !== worksFor;
  const left = hasMoved ? [] : scopesLeft(scopes, new Actor({ id: user_id, roles }));
  const merchantId = left.length > 0 ? (made_for ?? worksFor ?? undefined) : undefined;
  return new Actor({ id: user_id, roles: [], scopes: left, merchantId, apiKeyId: id });
}
