import { expect, test } from '@jest/globals';
import { ROLES, scopesOf } from './roles.ts';

const STAFF = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER'] as const;

test('each staff role may do all that the next lower one may', () => {
  STAFF.slice(0, -1).forEach((role, index) => {
    expect(scopesOf(role)).toEqual(expect.arrayContaining(scopesOf(STAFF[index + 1]!)));
  });
});

test('who may what is this, and a change of it is made on purpose', () => {
  expect(Object.fromEntries(ROLES.map((role) => [role, scopesOf(role)]))).toEqual({
    ADMIN: ['*:admin', '*:write', '*:personal', '*:read'],
    OPERATOR: ['*:write', '*:personal', '*:read'],
    ANALYST: ['*:read'],
    VIEWER: ['*:read'],
    MERCHANT: ['product:write', 'pricing:write', 'inventory:write'],
    CUSTOMER: [],
    GUEST: [],
    SERVICE: ['*:*'],
  });
});
