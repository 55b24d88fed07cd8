import { parseOptions } from '@node-rs/argon2';
import { expect, test } from '@jest/globals';
import { ARGON2ID, DECOY, hashPassword, isPassword } from './password.ts';

test('a password is hashed with a salt of its own, and only itself matches', async () => {
  const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(first).not.toBe(second);
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await Promise.all(['correct horse', 'correct horse ', ''].map((text) => isPassword(first, text)))).toEqual([
    true,
    false,
    false,
  ]);
});

test('without an account no password matches, and the decoy hash that is compared costs the same', async () => {
  expect(await isPassword(undefined, 'anything')).toBe(false);
  expect(parseOptions(DECOY)).toMatchObject({ ...ARGON2ID, outputLen: 32, saltLen: 16 });
  expect(parseOptions(DECOY)).toEqual(parseOptions(await hashPassword('another')));
});
