/** The rules of second factors. Pure: no I/O, no clock, no randomness. */
import { Forbidden, refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { Role } from '../entities.ts';

const MINUTE_MS = 60_000;
/** The time that a user has for the first code. */
export const ENROLMENT_MS = 15 * MINUTE_MS;
/** The time that a user has for the code after the password. */
export const CHALLENGE_MS = 5 * MINUTE_MS;

/** A typed code, and its kind. */
export type Typed = { kind: 'TOTP' | 'RECOVERY_CODE'; code: string };

/** Recovery codes are written without i, l, o and u (Crockford's base 32), and read with them. */
const READ_AS: Record<string, string> = { i: '1', l: '1', o: '0' };

/** Reads a code, with spaces and hyphens anywhere. @throws Refusal INVALID_INPUT for text of neither kind */
export function readCode(text: string): Typed {
  const code = text.replace(/[\s-]/g, '').toLowerCase();
  if (/^\d{6}$/.test(code)) return { kind: 'TOTP', code };
  if (/^[0-9a-z]{10}$/.test(code)) return { kind: 'RECOVERY_CODE', code: code.replace(/[ilo]/g, (c) => READ_AS[c]!) };
  throw refuse('INVALID_INPUT', 'A code is the six digits of your app, or a recovery code such as `a1b2c-d3e4f`.', [
    'input',
    'code',
  ]);
}

/** The owner of an account. */
export interface Owner {
  id: string;
  roles: readonly Role[];
}

const STAFF: readonly Role[] = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER'];

/**
 * Checks that a caller may reset a second factor: staff may for users who lost their app, only administrators for
 * staff, and no one for themselves, or an open session would be enough to remove the factor.
 * @throws Forbidden, Refusal INVALID_STATE
 */
export function checkReset(user: Owner, by: Pick<Actor, 'id' | 'may'>): void {
  if (user.id === by.id)
    throw refuse('INVALID_STATE', 'Take your own away with `disableTotp`, or ask a colleague.', ['input', 'userId']);
  if (user.roles.some((role) => STAFF.includes(role)) && !by.may('identity:admin'))
    throw new Forbidden('Only an administrator resets the second factor of staff.');
}
