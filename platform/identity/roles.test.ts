import { expect, test } from '@jest/globals';
import { ROOM_GRANTS } from './grants.generated.ts';
import { ROLES, scopesOf } from './roles.ts';

const STAFF = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER'] as const;

test('each staff role has all scopes of the next lower one', () => {
  STAFF.slice(0, -1).forEach((role, index) => {
    expect(scopesOf(role)).toEqual(expect.arrayContaining(scopesOf(STAFF[index + 1]!)));
  });
});

test('the scopes of each role are exactly these, so that a change is made on purpose', () => {
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

test('a room grants scopes of its own alone, and merchants may write in the rooms that grant it', () => {
  expect(ROOM_GRANTS.MERCHANT).toEqual(expect.arrayContaining(['inventory:write', 'pricing:write', 'product:write']));
  for (const [role, scopes] of Object.entries(ROOM_GRANTS)) {
    expect(ROLES).toContain(role);
    for (const scope of scopes) expect(scope).toMatch(/^[a-z][a-z0-9]+:(read|personal|write|admin)$/);
  }
});
