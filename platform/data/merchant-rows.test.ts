import { expect, test } from '@jest/globals';
import { Actor, type ActorClaims, ANONYMOUS } from '../identity/actor.ts';
import { merchantRows } from './merchant-rows.ts';

const rowsOf = (claims: Partial<ActorClaims>) =>
  merchantRows(new Actor({ id: 'user_1', roles: [], ...claims }), 'pricing:write');

test('a merchant may change its own rows, staff all rows, other actors none', () => {
  expect(rowsOf({ roles: ['MERCHANT'], merchantId: 'm1' })).toEqual([{ merchantId: 'm1' }]);
  expect(rowsOf({ roles: ['OPERATOR'] })).toBe('ALL');
  expect(rowsOf({ roles: ['SERVICE'] })).toBe('ALL');
  expect(rowsOf({ roles: ['VIEWER', 'CUSTOMER'], customerId: 'c' })).toBe('NONE');
  expect(merchantRows(ANONYMOUS, 'pricing:write')).toBe('NONE');
});

test('a merchant’s account without a merchant has no rows, and never all', () => {
  expect(rowsOf({ roles: ['MERCHANT'] })).toBe('NONE');
  expect(rowsOf({ roles: ['MERCHANT', 'VIEWER'] })).toBe('NONE');
});

test('roles add up: staff who also work for a merchant change the rows of all', () => {
  expect(rowsOf({ roles: ['MERCHANT', 'OPERATOR'], merchantId: 'm1' })).toBe('ALL');
  expect(rowsOf({ roles: ['ADMIN', 'MERCHANT'] })).toBe('ALL');
  expect(rowsOf({ roles: ['MERCHANT', 'ANALYST'], merchantId: 'm1' })).toEqual([{ merchantId: 'm1' }]);
});

test('an API key has the rows of its owner', () => {
  expect(rowsOf({ scopes: ['pricing:write'] })).toBe('ALL');
  expect(rowsOf({ scopes: ['pricing:write'], merchantId: 'm1' })).toEqual([{ merchantId: 'm1' }]);
});
