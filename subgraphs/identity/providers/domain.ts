/** The rules of signing in by a provider. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import { isStorable } from '../../../platform/text/storable.ts';
import { nameOutOf } from '../../../platform/text/text.ts';

/** A user for whom a provider vouches. */
export interface Vouched {
  /** With the subject the permanent identity. An e-mail address may belong to another person one day. */
  issuer: string;
  subject: string;
  /** The address, if it is one that we can write to. */
  email: string | undefined;
  isEmailVerified: boolean;
  name: string | undefined;
}

/** The longest subject (OpenID Connect Core, 2). */
const MAX_SUBJECT = 255;

/** Whether a text can stand for one person at a provider: not blank, or all who come without one would be the same. */
export const isSubject = (subject: string): boolean =>
  subject.trim() !== '' && subject.length <= MAX_SUBJECT && isStorable(subject);

/** The data of a new account. */
export interface Newcomer {
  email: string;
  name: string;
}

/**
 * The callback URL, checked: the part before the `?` must be the redirect URI to the letter.
 * @throws Refusal INVALID_INPUT
 */
export function callbackOf(callbackUrl: string, redirectUri: string): URL {
  const url = URL.parse(callbackUrl);
  if (!url || `${url.origin}${url.pathname}` !== redirectUri) {
    throw refuse('INVALID_INPUT', 'Give the whole address that the provider led back to, as the browser has it.', [
      'input',
      'callbackUrl',
    ]);
  }
  return url;
}

/**
 * An account is made only with an address that the provider has verified: otherwise a caller could take the address of
 * a user who comes later.
 * @throws Refusal EMAIL_NOT_VERIFIED
 */
export function newcomerOf({ email, isEmailVerified, name }: Vouched, provider: string): Newcomer {
  if (!isEmailVerified || !email) {
    throw refuse(
      'EMAIL_NOT_VERIFIED',
      `${provider} does not say that you have a verified e-mail address: verify it there, or sign up with a password.`,
      ['input'],
    );
  }
  // The name is only for display: characters that cannot be shown or stored are left out.
  return { email, name: nameOutOf(name ?? email.split('@')[0]!) ?? nameOutOf(email)! };
}

/** The refusal of a taken address: its owner proves it by signing in to the account. */
export const emailTaken = (provider: string) =>
  refuse(
    'EMAIL_TAKEN',
    `There is an account with your e-mail address: sign in to it as you did before, then link ${provider} with it.`,
    ['input'],
  );

/** The most identities of a user, since the list has no pages. */
export const MAX_IDENTITIES = 20;

/** @throws Refusal INVALID_STATE */
export function checkRoom(identities: number): void {
  if (identities < MAX_IDENTITIES) return;
  throw refuse('INVALID_STATE', `${MAX_IDENTITIES} identities are the most: unlink one first.`, ['input']);
}

/** A user without a password keeps at least one provider. @throws Refusal LAST_WAY_IN */
export function checkWayIn(account: { hasPassword: boolean; identities: number }): void {
  if (account.hasPassword || account.identities > 1) return;
  throw refuse('LAST_WAY_IN', 'You could not sign in any more: set a password first, by `requestPasswordReset`.', [
    'input',
    'id',
  ]);
}
