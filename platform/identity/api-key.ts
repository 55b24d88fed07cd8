/**
 * API keys: `agk_`, 256 random bits and a checksum, in letters and digits so that a double click selects all of it. The
 * prefix is for secret scanners; the checksum detects a typing error without a look-up.
 */
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'agk_';
/** 36^50 is just above 2^256, 36^7 above 2^32. */
const SECRET_LENGTH = 50;
const CHECK_LENGTH = 7;
const FORM = new RegExp(`^${PREFIX}[0-9a-z]{${SECRET_LENGTH + CHECK_LENGTH}}$`);

const checkOf = (text: string): string => crc32(text).toString(36).padStart(CHECK_LENGTH, '0');

/** A new key. It is shown to its owner once; only its hash is kept. */
export function newApiKey(): string {
  const secret = BigInt(`0x${randomBytes(32).toString('hex')}`);
  const body = PREFIX + secret.toString(36).padStart(SECRET_LENGTH, '0');
  return body + checkOf(body);
}

/** Whether the text has the prefix of an API key, and is no other kind of token. */
export const isApiKey = (text: string): boolean => text.startsWith(PREFIX);

/** Whether the text is well-formed as an API key; only the agent identity knows whether it is one. */
export const isWholeApiKey = (text: string): boolean =>
  FORM.test(text) && checkOf(text.slice(0, -CHECK_LENGTH)) === text.slice(-CHECK_LENGTH);

/** The hash by which a key is stored and found. 256 random bits need no salt and no slow hash against guessing. */
export const hashOfApiKey = (key: string): string => createHash('sha256').update(key).digest('base64url');
