import type { Actor } from './actor.ts';
import type { Role } from './roles.ts';

const SHOPPERS: ReadonlySet<Role> = new Set(['CUSTOMER', 'GUEST']);

/**
 * Whether the actor is anonymous, a guest or a customer, with no other role or scope: such actors change no business
 * data. An API key is no shopper, whatever its scopes.
 */
export const isShopper = ({ roles, scopes, merchantId, ownerIds, apiKeyId }: Actor): boolean =>
  !merchantId && !apiKeyId && Object.keys(ownerIds).length === 0 && scopes.size === 0 && roles.isSubsetOf(SHOPPERS);
