/** The rules of signing in by a provider. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import { nameOutOf } from '../../../platform/text/text.ts';

/** Whom a provider vouches for. */
export interface Vouched {
  /** With the subject: who it is, for ever. An e-mail address may be given to somebody else one day. */
  issuer: string;
  subject: string;
  /** If it is one that we can write to. */
  email: string | undefined;
  isEmailVerified: boolean;
  name: string | undefined;
}

/** Somebody new, as an account can be made of. */
export interface Newcomer {
  email: string;
  name: string;
}

/**
 * The address that a provider led back to, if it is the one that it was asked to lead back to: what is before the `?`
 * must be the redirect URI to the letter. @throws Refusal INVALID_INPUT
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
 * An account is made for an address only if the provider has seen that they read its mail: else anybody could take the
 * address of somebody who comes later. @throws Refusal EMAIL_NOT_VERIFIED
 */
export function newcomerOf({ email, isEmailVerified, name }: Vouched, provider: string): Newcomer {
  if (!isEmailVerified || !email) {
    throw refuse(
      'EMAIL_NOT_VERIFIED',
      `${provider} does not say that you have a verified e-mail address: verify it there, or sign up with a password.`,
      ['input'],
    );
  }
  // A name is shown, and no more: what cannot be shown or kept of it is left out.
  return { email, name: nameOutOf(name ?? email.split('@')[0]!) ?? nameOutOf(email)! };
}

/** An address that is taken may be somebody else's: who says it is theirs shows that they can sign in to it. */
export const emailTaken = (provider: string) =>
  refuse(
    'EMAIL_TAKEN',
    `There is an account with your e-mail address: sign in to it as you did before, then link ${provider} with it.`,
    ['input'],
  );

/** A list that is answered whole is short. */
export const MAX_IDENTITIES = 20;

/** @throws Refusal INVALID_STATE */
export function checkRoom(identities: number): void {
  if (identities < MAX_IDENTITIES) return;
  throw refuse('INVALID_STATE', `${MAX_IDENTITIES} identities are the most: unlink one first.`, ['input']);
}

/** Someone without a password keeps one provider at least. @throws Refusal LAST_WAY_IN */
export function checkWayIn(account: { hasPassword: boolean; identities: number }): void {
  if (account.hasPassword || account.identities > 1) return;
  throw refuse('LAST_WAY_IN', 'You could not sign in any more: set a password first, by `requestPasswordReset`.', [
    'input',
    'id',
  ]);
}
