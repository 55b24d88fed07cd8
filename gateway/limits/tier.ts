import type { Actor } from '../../platform/identity/actor.ts';
import type { Role } from '../../platform/identity/roles.ts';

/** Tier of a caller for its limits: anonymous, signed in, or staff who run the business. */
export type Tier = 'anonymous' | 'signedIn' | 'staff';

/** A value for each tier. */
export type ByTier<T> = Readonly<Record<Tier, T>>;

const STAFF: readonly Role[] = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'SERVICE'];

/** The tier of an actor, by its most powerful role. */
export function tierOf(actor: Actor): Tier {
  if (!actor.isAuthenticated) return 'anonymous';
  return STAFF.some((role) => actor.roles.has(role)) ? 'staff' : 'signedIn';
}
