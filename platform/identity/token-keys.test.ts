import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatTokenKeys,
  newTokenKey,
  parseSigningKeys,
  parseTokenKeys,
  parseVerifyingKeys,
  type TokenKey,
  verifyingKeys,
} from './token-keys.ts';

const [old, young] = [
  { ...newTokenKey(), id: 'old' },
  { ...newTokenKey(), id: 'young' },
];
const bare = { ...newTokenKey(), id: undefined };
const text = (...keys: TokenKey[]): string => formatTokenKeys(keys);
const shown = (keys: readonly TokenKey[]) =>
  keys.map(({ id, publicKey, privateKey }) => [id, publicKey.export({ format: 'jwk' }).x, Boolean(privateKey)]);

test('one PEM is a ring of one key, whose tokens have no kid', () => {
  expect(shown(parseTokenKeys(text(bare)))).toEqual(shown([bare]));
});

test('a ring is read as it is formatted, in order, with ids and without one, private and public', () => {
  const ring = [young, bare, verifyingKeys([old])[0]] as const;
  expect(shown(parseTokenKeys(formatTokenKeys(ring)))).toEqual(shown(ring));
});

test('a ring may stand on one line or several, with commas or without, and with blanks around', () => {
  const written = text(young, bare, old);
  for (const other of [
    written.replaceAll('\n', '\\n'),
    written.replaceAll(/(END \w+ KEY-----)\n/g, '$1,\n'),
    written.replaceAll(/(END \w+ KEY-----)\n/g, '$1, '),
    written.replaceAll(':\n', ':'),
    ` \n${written.replaceAll(':\n', ' : ')}\n\n`,
    written.replaceAll('\n', '\r\n'),
  ])
    expect(shown(parseTokenKeys(other))).toEqual(shown([young, bare, old]));
});

test('the first key of a ring is read by a release that knows no rings, so that one can go back to it', () => {
  expect(createPrivateKey(text(young, old)).equals(young.privateKey!)).toBe(true);
  expect(createPublicKey(formatTokenKeys(verifyingKeys([young, old]))).equals(young.publicKey)).toBe(true);
});

test('any ring is read as it was formatted', () => {
  const id = fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), { nil: undefined });
  const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 10 });
  const keys = Array.from({ length: 10 }, newTokenKey);
  fc.assert(
    fc.property(ids, fc.boolean(), (names, isFolded) => {
      const ring = names.map((name, n) => ({ ...keys[n]!, id: name }));
      const written = isFolded ? formatTokenKeys(ring).replaceAll('\n', '\\n') : formatTokenKeys(ring);
      expect(shown(parseTokenKeys(written))).toEqual(shown(ring));
    }),
    { numRuns: 50 },
  );
});

test('a new key has an id that no other has', () => {
  expect(new Set(Array.from({ length: 20 }, () => newTokenKey().id)).size).toBe(20);
});

describe('a ring is refused, with the place and the remedy and without any part of a key,', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pem = (key: typeof rsa): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const short = text(young).replace(/[\w+/=]{24}\n-----END/, '\n-----END');
  test.each([
    ['no key', '', 'Key 1 is not a PEM'],
    ['what is no PEM', 'abc', 'Key 1 is not a PEM'],
    ['a symmetric key', `young:${randomBytes(32).toString('base64')}`, 'Key 1 is not a PEM'],
    ['something between two keys', `${text(young)} and ${text(old)}`, 'Key 2 is not a PEM'],
    ['something after the keys', `${text(young)}, nonsense`, 'Key 2 is not a PEM'],
    ['a PEM without its end', text(young).slice(0, -10), 'Key 1 is not a PEM'],
    ['a key that is too short', short, 'Key 1 is no Ed25519 key'],
    ['a key of another kind', text(young) + pem(rsa), 'Key 2 is no Ed25519 key'],
    ['a key of another curve', pem(ec), 'Key 1 is no Ed25519 key'],
    ['an empty id', text(old).replace('old', ''), 'Key 1 has an id that is none'],
    ['an id that is no name', text(old).replace('old', 'a/b'), 'Key 1 has an id that is none'],
    ['an id that is too long', text(old).replace('old', 'k'.repeat(33)), 'Key 1 has an id that is none'],
    ['an id twice', text(young, old, { ...bare, id: 'young' }), 'Keys 1 and 3 have the same id'],
    ['two keys without an id', text(bare, { ...old, id: undefined }), 'Keys 1 and 2 have no id'],
    ['a key twice', text(young, { ...young, id: 'copy' }), 'Keys 1 and 2 are the same key'],
    ['more than ten keys', text(...Array.from({ length: 11 }, newTokenKey)), 'At most 10 keys'],
  ])('with %s', (_, written, expected) => {
    let message = '';
    try {
      parseTokenKeys(written);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toContain(expected);
    // As long as a part of a key that would help to guess the rest.
    expect(message).not.toMatch(/[\w+/=]{24}/);
  });
});

test('a ring that signs begins with a private key, and one that only verifies has none', () => {
  const halves = formatTokenKeys(verifyingKeys([young, old]));
  expect(shown(parseSigningKeys(text(young, old)))).toEqual(shown([young, old]));
  expect(() => parseSigningKeys(halves)).toThrow('Key 1 must be a private one');
  expect(shown(parseVerifyingKeys(halves))).toEqual(shown(verifyingKeys([young, old])));
  expect(() => parseVerifyingKeys(`${formatTokenKeys(verifyingKeys([young]))},${text(old)}`)).toThrow(
    'Key 2 is private',
  );
});
