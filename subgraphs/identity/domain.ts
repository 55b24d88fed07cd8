/** The rules of users and their sessions. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import type { ActorClaims } from '../../platform/identity/actor.ts';
import type { AccountRow, RefreshTokenRow, Role, SessionRow } from './entities.ts';

/** How an e-mail address is compared. `EmailAddress` is ASCII, so no locale has a say. */
export const emailKey = (email: string): string => email.toLowerCase();

/** Who a user is to the rest of Agora. */
export type UserIdentity = Pick<AccountRow, 'id' | 'customerId' | 'merchantId'> & { roles: readonly Role[] };

/** What an access token says of its user: the customer and the merchant only while the role goes with them. */
export const claimsOf = ({ id, roles, customerId, merchantId }: UserIdentity, sessionId: string): ActorClaims => ({
  id,
  roles,
  customerId: (roles.includes('CUSTOMER') && customerId) || undefined,
  merchantId: (roles.includes('MERCHANT') && merchantId) || undefined,
  sessionId,
});

/** What is known of a refresh token that was presented. */
export type PresentedToken = Pick<RefreshTokenRow, 'expiresAt' | 'usedAt'> & Pick<SessionRow, 'revokedAt'>;

/**
 * What to do about a refresh token: issue its successor, refuse it, or end its session because it was stolen. A used
 * one that comes again soon is a client that did not get the answer, or its second tab: it gets a successor. Later, two
 * have the token, and one of them is a thief.
 */
export function judgeToken(token: PresentedToken, now: Date, graceMs: number): 'ROTATE' | 'REFUSE' | 'REVOKE' {
  if (token.revokedAt || token.expiresAt <= now) return 'REFUSE';
  if (token.usedAt && now.getTime() - token.usedAt.getTime() > graceMs) return 'REVOKE';
  return 'ROTATE';
}

/** What is known of a change of roles besides the user. */
export interface RolesChange {
  /** Who asks for it. */
  changedBy: string;
  /** Whether there is no other administrator than the user, if they are one. */
  isLastAdministrator: boolean;
}

/**
 * The roles that a user is to have, each once. One administrator stays, whoever asks: without one nobody could make
 * another. @throws Refusal INVALID_INPUT, INVALID_STATE
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
