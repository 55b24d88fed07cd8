import { expect, test } from '@jest/globals';
import { Actor } from '../../../platform/identity/actor.ts';
import type { Role } from '../entities.ts';
import { checkReset, readCode } from './domain.ts';
import { hashOfRecoveryCode, newRecoveryCodes } from './recovery-codes.ts';

test.each([
  ['123456', 'TOTP', '123456'],
  [' 123 456 ', 'TOTP', '123456'],
  ['A1B2C-D3E4F', 'RECOVERY_CODE', 'a1b2cd3e4f'],
  ['oil0o-1lio0', 'RECOVERY_CODE', '0110011100'],
])('%j is read as %s', (text, kind, code) => {
  expect(readCode(text)).toEqual({ kind, code });
});

test.each(['', '12345', '1234567', 'abcd', 'a1b2c-d3e4f-5', '12345６', '123456\n123456'])(
  '%j cannot be a code',
  (text) => {
    expect(() => readCode(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  },
);

const by = (role: Role) => new Actor({ id: 'user_1', roles: [role] });
const user = (...roles: Role[]) => ({ id: 'user_2', roles });

test('operators may reset customers and merchants, administrators all users, and no one themselves', () => {
  for (const role of ['CUSTOMER', 'MERCHANT'] as const) checkReset(user(role), by('OPERATOR'));
  for (const role of ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER'] as const) {
    checkReset(user('CUSTOMER', role), by('ADMIN'));
    expect(() => checkReset(user('CUSTOMER', role), by('OPERATOR'))).toThrow('Only an administrator');
  }
  expect(() => checkReset({ id: 'user_1', roles: ['ADMIN'] }, by('ADMIN'))).toThrow(
    expect.objectContaining({ code: 'INVALID_STATE' }),
  );
});

test('recovery codes are ten, all different, and stored as salted hashes', async () => {
  const { shown, salt, hashes } = await newRecoveryCodes();
  expect(new Set(shown).size).toBe(10);
  for (const code of shown) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/);
  const { code } = readCode(shown[3]!.toUpperCase());
  expect(await hashOfRecoveryCode(code, salt)).toBe(hashes[3]);
  expect(await hashOfRecoveryCode(code, `${salt.slice(0, -2)}AA`)).not.toBe(hashes[3]);
  expect(JSON.stringify(hashes)).not.toContain(code);
});
