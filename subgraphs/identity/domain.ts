/** The rules of users and their sessions. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import type { ActorClaims } from '../../platform/identity/actor.ts';
import type { AccountRow, RefreshTokenRow, Role, SessionRow } from './entities.ts';

/** The form in which e-mail addresses are compared. `EmailAddress` is ASCII, so the locale does not matter. */
export const emailKey = (email: string): string => email.toLowerCase();

/** The identity of a user for the rest of Agora. */
export type UserIdentity = Pick<AccountRow, 'id' | 'customerId' | 'merchantId'> & { roles: readonly Role[] };

/** The claims of an access token: customer and merchant only with the matching role. */
export const claimsOf = ({ id, roles, customerId, merchantId }: UserIdentity, sessionId: string): ActorClaims => ({
  id,
  roles,
  customerId: (roles.includes('CUSTOMER') && customerId) || undefined,
  merchantId: (roles.includes('MERCHANT') && merchantId) || undefined,
  sessionId,
});

/** The stored facts of a presented refresh token. */
export type PresentedToken = Pick<RefreshTokenRow, 'expiresAt' | 'usedAt'> & Pick<SessionRow, 'revokedAt'>;

/**
 * The verdict on a refresh token: issue its successor, refuse it, or end its session because it was stolen. A used
 * token that is soon reused comes from a client that lost the answer, or from its second tab: it gets a successor. If
 * it is reused later, two have the token, and one of them is a thief.
 */
export function judgeToken(token: PresentedToken, now: Date, graceMs: number): 'ROTATE' | 'REFUSE' | 'REVOKE' {
  if (token.revokedAt || token.expiresAt <= now) return 'REFUSE';
  if (token.usedAt && now.getTime() - token.usedAt.getTime() > graceMs) return 'REVOKE';
  return 'ROTATE';
}

/** Facts of a change of roles besides the user. */
export interface RolesChange {
  /** The id of the caller. */
  changedBy: string;
  /** Whether no other user is an administrator. */
  isLastAdministrator: boolean;
}

/**
 * The new roles of a user, distinct. The last administrator stays one, for any caller: without an administrator no
 * other could be made.
 * @throws Refusal INVALID_INPUT, INVALID_STATE
 */
export function checkRoles(
  user: UserIdentity,
  roles: readonly Role[],
  merchantId: string | null,
  { changedBy, isLastAdministrator }: RolesChange,
): Role[] {
  const distinct = [...new Set(roles)];
  if (distinct.length === 0) throw refuse('INVALID_INPUT', 'A user needs at least one role.', ['input', 'roles']);
  if (distinct.includes('MERCHANT') && !merchantId) {
    throw refuse('INVALID_INPUT', 'Say which merchant they work for: `merchantId`.', ['input', 'merchantId']);
  }
  if (user.roles.includes('ADMIN') && !distinct.includes('ADMIN')) {
    const path = ['input', 'roles'];
    if (user.id === changedBy)
      throw refuse('INVALID_STATE', 'You cannot take the role ADMIN from yourself: ask another administrator.', path);
    if (isLastAdministrator)
      throw refuse('INVALID_STATE', 'This is the last administrator: give the role to somebody else first.', path);
  }
  return distinct;
}
