import { expect, test } from '@jest/globals';
import { Actor } from './actor.ts';
import { claimsOfRooms } from './room-claims.ts';

const of = (claims: Record<string, string>) => () => claimsOfRooms([{ name: 'vendor', claims }]);

test('the claims of all rooms are gathered', () => {
  const vendor = { name: 'vendor', claims: { vendorId: 'ven', vendorBranchId: 'vbr' } };
  expect(claimsOfRooms([{ name: 'order' }, vendor, { name: 'supplier', claims: { supplierId: 'sup' } }])).toEqual({
    vendorId: 'ven',
    vendorBranchId: 'vbr',
    supplierId: 'sup',
  });
});

test('a claim or a short name of two rooms is refused with the names of both', () => {
  const vendor = { name: 'vendor', claims: { vendorId: 'ven' } };
  expect(() => claimsOfRooms([vendor, { name: 'supplier', claims: { vendorId: 'sup' } }])).toThrow(
    'vendor and supplier both declare the claim vendorId.',
  );
  expect(() => claimsOfRooms([vendor, { name: 'supplier', claims: { supplierId: 'ven' } }])).toThrow(
    'vendor and supplier both declare the short name ven.',
  );
  expect(of({ vendorId: 'ven', supplierId: 'ven' })).toThrow('vendor and vendor both declare the short name ven.');
});

const fields = Object.keys(new Actor({ id: 'user_1', roles: [] }));
test.each([
  ...fields,
  'actorId',
  'vendor',
  'VendorId',
  'vendor_id',
  'vendorID',
  'vendor1Id',
  'constructor',
  '__proto__',
  "v'Id",
  '',
  `${'v'.repeat(50)}Id`,
])('%j is no name of a room’s claim', (name) => {
  expect(of(Object.fromEntries([[name, 'ven']]))).toThrow(`declares the claim "${name}"`);
});

test.each(['', 'v', 'VEN', 'ven_1', 'vendorvendor', 'sub', 'exp', 'cus', 'roles'])('%j is no short name', (short) => {
  expect(of({ vendorId: short })).toThrow(`declares the short name "${short}" of vendorId`);
});
