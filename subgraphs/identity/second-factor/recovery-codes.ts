/**
 * Recovery codes: 50 random bits each, so they are hashed slowly and with a salt (NIST SP 800-63B-4, 3.1.2.2). All
 * codes of a user have one salt, so that a typed code is hashed once, not once for each of them.
 */
import { randomBytes } from 'node:crypto';
import { hashRaw } from '@node-rs/argon2';
import { ARGON2ID } from '../passwords/password.ts';
import { readCode } from './domain.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 10;
const COUNT = 10;

/** A set of codes: shown once, stored as hashes. */
export interface RecoveryCodes {
  shown: string[];
  salt: string;
  hashes: string[];
}

/** Makes ten new codes. It takes some hundred milliseconds: never inside a transaction. */
export async function newRecoveryCodes(): Promise<RecoveryCodes> {
  const salt = randomBytes(16).toString('base64url');
  const shown = Array.from({ length: COUNT }, newCode);
  const hashes = await Promise.all(shown.map((code) => hashOfRecoveryCode(readCode(code).code, salt)));
  return { shown, salt, hashes };
}

/** The stored hash of a code in the form of `readCode`. */
export const hashOfRecoveryCode = async (code: string, salt: string): Promise<string> =>
  (await hashRaw(code, { ...ARGON2ID, salt: Buffer.from(salt, 'base64url') })).toString('base64url');

function newCode(): string {
  const code = Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}
