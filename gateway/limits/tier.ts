import type { Actor } from '../../platform/identity/actor.ts';
import type { Role } from '../../platform/identity/roles.ts';

/** Who is treated alike by what is limited: nobody in particular, who is signed in, and who runs the business. */
export type Tier = 'anonymous' | 'signedIn' | 'staff';

/** Something for each tier. */
export type ByTier<T> = Readonly<Record<Tier, T>>;

const STAFF: readonly Role[] = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'SERVICE'];

/** The tier of an actor: by the role that may most. */
export function tierOf(actor: Actor): Tier {
  if (!actor.isAuthenticated) return 'anonymous';
  return STAFF.some((role) => actor.roles.has(role)) ? 'staff' : 'signedIn';
}
