import { describe, expect, test } from '@jest/globals';
import { Actor, ANONYMOUS, serviceActor } from './actor.ts';
import type { Role } from './roles.ts';

const as = (...roles: Role[]): Actor => new Actor({ id: 'user_1', roles });
const may = (actor: Actor, ...scopes: string[]): boolean[] => scopes.map((scope) => actor.may(scope));

test('staff inherit: an operator reads and writes, an administrator keeps the keys too', () => {
  expect(may(as('OPERATOR'), 'order:read', 'order:write', 'identity:admin')).toEqual([true, true, false]);
  expect(may(as('ADMIN'), 'order:read', 'order:write', 'identity:admin')).toEqual([true, true, true]);
});

test('a viewer and an analyst read, and cannot write', () => {
  for (const role of ['VIEWER', 'ANALYST'] as const)
    expect(may(as(role), 'order:read', 'order:write', 'identity:admin', 'order:command')).toEqual([
      true,
      false,
      false,
      false,
    ]);
});

test('a customer, a guest and an anonymous actor hold no scope at all', () => {
  for (const actor of [as('CUSTOMER'), as('GUEST'), ANONYMOUS])
    expect(may(actor, 'order:read', 'order:write', 'identity:admin', 'order:command')).not.toContain(true);
});

test('a merchant writes the catalogue, prices and stock, and nothing else', () => {
  const scopes = ['product:write', 'pricing:write', 'inventory:write', 'order:write', 'product:read', 'product:admin'];
  expect(may(as('MERCHANT'), ...scopes)).toEqual([true, true, true, false, false, false]);
});

test('only a service may give the internal commands', () => {
  expect(serviceActor('order').may('inventory:command')).toBe(true);
  expect(as('ADMIN').may('inventory:command')).toBe(false);
});

test('roles add up, and an API key has scopes of its own', () => {
  expect(may(as('MERCHANT', 'VIEWER'), 'product:write', 'order:read', 'order:write')).toEqual([true, true, false]);
  const key = new Actor({ id: 'key_1', roles: [], scopes: ['order:read', 'product:*'] });
  expect(may(key, 'order:read', 'order:write', 'product:write', 'product:read', 'products:read')).toEqual([
    true,
    false,
    true,
    true,
    false,
  ]);
});

test.each(['', ':', 'read', '*', 'order', 'order:', ':read', '*:admin'])(
  '%j is a scope that neither a customer nor a merchant holds',
  (scope) => {
    expect(as('CUSTOMER', 'MERCHANT').may(scope)).toBe(false);
  },
);

describe('passed on as claims', () => {
  test('an actor is the same on the other side', () => {
    const claims = {
      id: 'user_1',
      roles: ['CUSTOMER'] as Role[],
      customerId: 'c',
      merchantId: 'm',
      orderId: 'o',
      ownerIds: { vendorId: 'v' },
      sessionId: 's',
    };
    const actor = new Actor({ ...claims, scopes: ['order:read'] });
    expect(new Actor(JSON.parse(JSON.stringify(actor.claims())))).toEqual(actor);
  });

  test('an actor is one of no room’s claims where the other side knows of none', () => {
    const { ownerIds, ...claims } = new Actor({ id: 'user_1', roles: [], ownerIds: { vendorId: 'v' } }).claims();
    expect(new Actor(claims).ownerIds).toEqual({});
  });

  test('an anonymous actor stays anonymous', () => {
    expect(ANONYMOUS.isAuthenticated).toBe(false);
    expect(new Actor(JSON.parse(JSON.stringify(ANONYMOUS.claims()))).isAuthenticated).toBe(false);
    expect(as().isAuthenticated).toBe(true);
    expect(serviceActor('order')).toMatchObject({ id: 'agent:order', isAuthenticated: true });
  });
});
