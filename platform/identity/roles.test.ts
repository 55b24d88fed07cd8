import { expect, test } from '@jest/globals';
import { ROOM_GRANTS } from './grants.generated.ts';
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
    MERCHANT: ROOM_GRANTS.MERCHANT,
    CUSTOMER: ROOM_GRANTS.CUSTOMER ?? [],
    GUEST: ROOM_GRANTS.GUEST ?? [],
    SERVICE: ['*:*'],
  });
});

test('a room grants what is its own and no other scope, and merchants write in the rooms that say so', () => {
  expect(ROOM_GRANTS.MERCHANT).toEqual(expect.arrayContaining(['inventory:write', 'pricing:write', 'product:write']));
  for (const [role, scopes] of Object.entries(ROOM_GRANTS)) {
    expect(ROLES).toContain(role);
    for (const scope of scopes) expect(scope).toMatch(/^[a-z][a-z0-9]+:(read|personal|write|admin)$/);
  }
});
