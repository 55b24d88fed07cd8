import { expect, test } from '@jest/globals';
import { Actor, type ActorClaims, ANONYMOUS, serviceActor } from './actor.ts';
import { isShopper } from './is-shopper.ts';

const actor = (claims: Partial<ActorClaims>): Actor => new Actor({ id: 'user_1', roles: [], ...claims });

test('anonymous actors, guests and customers are shoppers', () => {
  expect(isShopper(ANONYMOUS)).toBe(true);
  expect(isShopper(new Actor(ANONYMOUS.claims()))).toBe(true);
  expect(isShopper(actor({ roles: ['CUSTOMER'], customerId: 'customer_1', sessionId: 'session_1' }))).toBe(true);
  expect(isShopper(actor({ roles: ['GUEST'], orderId: 'order_1' }))).toBe(true);
});

test('staff, merchants’ accounts and programs are no shoppers, customers or not', () => {
  for (const role of ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'MERCHANT'] as const) {
    expect([role, isShopper(actor({ roles: [role] }))]).toEqual([role, false]);
    expect([role, isShopper(actor({ roles: ['CUSTOMER', role] }))]).toEqual([role, false]);
  }
  expect(isShopper(serviceActor('order'))).toBe(false);
  expect(isShopper(actor({ roles: ['CUSTOMER'], merchantId: 'merchant_1' }))).toBe(false);
  expect(isShopper(actor({ roles: ['CUSTOMER'], ownerIds: { vendorId: 'vendor_1' } }))).toBe(false);
  expect(isShopper(actor({ roles: ['CUSTOMER'], scopes: ['product:write'] }))).toBe(false);
  expect(isShopper(actor({ apiKeyId: 'apikey_1', scopes: ['product:read'] }))).toBe(false);
  expect(isShopper(actor({ apiKeyId: 'apikey_1' }))).toBe(false);
});
