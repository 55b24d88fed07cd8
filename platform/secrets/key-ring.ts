/** Secret keys with ids, for key rotation: the newest encrypts and signs, all of them decrypt and verify. */
import { hkdfSync, randomBytes } from 'node:crypto';

/** A key of 256 bits, and the id that stands beside everything made with it. */
export interface SecretKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Keys, the newest first. At least one. */
export type KeyRing = readonly [SecretKey, ...SecretKey[]];

const LENGTH = 32;
const ID = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads `id:base64,id:base64`, the newest first.
 * @throws Error that says what is invalid, without any part of a key
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text
    .trim()
    .split(/[\s,]+/)
    .map((entry, index) => parseKey(entry, index + 1));
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error('Two keys have the same id.');
  return keys as [SecretKey, ...SecretKey[]];
}

function parseKey(entry: string, place: number): SecretKey {
  const [id = '', base64 = ''] = entry.split(':');
  const bytes = Buffer.from(base64, 'base64');
  if (!ID.test(id) || bytes.length !== LENGTH)
    throw new Error(
      `Key ${place} is not \`id:base64\` with ${LENGTH} bytes. Make one with \`openssl rand -base64 32\`.`,
    );
  return { id, bytes };
}

/** The text of a ring, as {@link parseKeyRing} reads it. It is secret. */
export const formatKeyRing = (ring: readonly SecretKey[]): string =>
  ring.map(({ id, bytes }) => `${id}:${bytes.toString('base64')}`).join(',\n');

/** A new key from the system's random source, with a random id. */
export const newKey = (): SecretKey => ({ id: randomBytes(4).toString('hex'), bytes: randomBytes(LENGTH) });

/** Derives a key for one purpose and one holder (HKDF-SHA256, RFC 5869). It tells nothing of the original. */
export const deriveKey = (key: Buffer, purpose: string, holder: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, purpose, holder, LENGTH));
