/**
 * The policy of new passwords, after NIST SP 800-63B-4: long enough, and none of those that attackers try first. There
 * are no rules of composition. Pure.
 */
import { refuse } from '../../../platform/errors.ts';
import { COMMON_PASSWORDS } from './common-passwords.ts';

/** The least length, in characters, not in UTF-16 code units. */
const SHORTEST = 12;
const LONGEST = 200;

/** The owner of the password. */
export interface PasswordOwner {
  email: string;
  name: string;
}

/** @throws Refusal WEAK_PASSWORD, with the reason; INVALID_INPUT for malformed text */
export function checkNewPassword(password: string, { email, name }: PasswordOwner, field = 'password'): void {
  const weak = (message: string) => refuse('WEAK_PASSWORD', message, ['input', field]);
  // Half of a surrogate pair has no UTF-8: its replacement would be hashed, and match many passwords.
  if (!password.isWellFormed())
    throw refuse('INVALID_INPUT', 'The password has half of a surrogate pair, which is no character.', [
      'input',
      field,
    ]);
  const { length } = Array.from(password);
  if (length < SHORTEST) throw weak(`A password needs at least ${SHORTEST} characters. Some words in a row do well.`);
  if (length > LONGEST) throw weak(`A password has at most ${LONGEST} characters.`);
  const plain = password.toLowerCase();
  if (COMMON_PASSWORDS.has(plain)) throw weak('The password is among those that are tried first: choose another.');
  if (isRepetition(plain) || isRun(plain))
    throw weak('The password repeats a few characters, or counts them up: choose another.');
  const own = [email, email.split('@')[0]!, name].map(bare);
  if (own.includes(bare(plain))) throw weak('The password must not be the e-mail address or the name.');
}

/** A text reduced to its letters and digits: `ada.lovelace` equals `Ada Lovelace`. */
const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Whether the text repeats one to four characters over and over. */
const isRepetition = (text: string): boolean => /^(.{1,4}?)\1*$/su.test(text);

/** Whether each character succeeds or precedes the one before: `abcdef…`, `fedcba…`. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0)!);
  return [1, -1].some((step) => codes.every((code, i) => i === 0 || code - codes[i - 1]! === step));
}
