import { expect, test } from '@jest/globals';
import { Refusal } from '../../../platform/errors.ts';
import { Actor } from '../../../platform/identity/actor.ts';
import { checkExpiry, checkScopes, scopesLeft } from './domain.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const as = (role: 'ADMIN' | 'OPERATOR' | 'VIEWER' | 'MERCHANT' | 'CUSTOMER') =>
  new Actor({ id: 'user_1', roles: [role] });

function catchRefusal(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

test('a key gets distinct scopes of its maker', () => {
  expect(checkScopes(['order:read', 'order:read', 'payment:read'], as('OPERATOR'))).toEqual([
    'order:read',
    'payment:read',
  ]);
});

test('a scope to write brings along the one to read, if the maker has it', () => {
  expect(checkScopes(['product:write'], as('OPERATOR'))).toEqual(['product:write', 'product:read']);
  expect(checkScopes(['*:write', '*:read'], as('ADMIN'))).toEqual(['*:write', '*:read']);
  expect(checkScopes(['product:write'], as('MERCHANT'))).toEqual(['product:write']);
  expect(checkScopes(['identity:admin', 'order:personal'], as('ADMIN'))).toEqual(['identity:admin', 'order:personal']);
});

test.each([
  ['VIEWER', 'order:write', 'SCOPE_NOT_YOURS'],
  ['OPERATOR', 'identity:admin', 'SCOPE_NOT_YOURS'],
  ['MERCHANT', '*:write', 'SCOPE_NOT_YOURS'],
  ['CUSTOMER', 'order:read', 'SCOPE_NOT_YOURS'],
  ['ADMIN', 'order:*', 'INVALID_INPUT'],
  ['ADMIN', '*:*', 'INVALID_INPUT'],
  ['ADMIN', 'order:command', 'INVALID_INPUT'],
  ['ADMIN', '', 'INVALID_INPUT'],
] as const)('%s gives no %s', (role, scope, code) => {
  expect(() => checkScopes([scope], as(role))).toThrow(expect.objectContaining({ code }));
});

test('every wrong scope is named, at its place in the list', () => {
  const refusal = catchRefusal(() =>
    checkScopes(['product:read', 'product:read', 'order:reed', 'product:write', 'order:reed', 'foo'], as('VIEWER')),
  );
  expect(refusal.userErrors).toMatchObject([
    { code: 'INVALID_INPUT', message: expect.stringContaining('"order:reed"'), path: ['input', 'scopes', '2'] },
    { code: 'SCOPE_NOT_YOURS', message: expect.stringContaining('product:write'), path: ['input', 'scopes', '3'] },
    { code: 'INVALID_INPUT', message: expect.stringContaining('"foo"'), path: ['input', 'scopes', '5'] },
  ]);
});

test('a key needs a scope, and not too many', () => {
  expect(() => checkScopes([], as('ADMIN'))).toThrow('1 to 50');
  const many = Array.from({ length: 51 }, (_, n) => `a${n}:read`);
  expect(() => checkScopes(many, as('ADMIN'))).toThrow('1 to 50');
});

test('a key loses the scopes that its maker loses', () => {
  expect(scopesLeft(['order:read', 'order:write'], as('VIEWER'))).toEqual(['order:read']);
  expect(scopesLeft(['order:read'], as('CUSTOMER'))).toEqual([]);
});

test('every key expires, within a year', () => {
  expect(checkExpiry(null, NOW)).toEqual(new Date('2026-08-30T12:00:00Z'));
  expect(() => checkExpiry(NOW, NOW)).toThrow('future');
  expect(() => checkExpiry(new Date('2027-06-03T12:00:00Z'), NOW)).toThrow('366');
});
