import type { Actor } from './actor.ts';
import type { Role } from './roles.ts';

const SHOPPERS: ReadonlySet<Role> = new Set(['CUSTOMER', 'GUEST']);

/**
 * Whether this is nobody, a guest or a customer, and nothing else beside: who may change nothing of the business. A key
 * of a program's is none, whatever it may.
 */
export const isShopper = ({ roles, scopes, merchantId, apiKeyId }: Actor): boolean =>
  !merchantId && !apiKeyId && scopes.size === 0 && roles.isSubsetOf(SHOPPERS);
