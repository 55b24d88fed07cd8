import { describe, expect, test } from '@jest/globals';
import type { Role } from '../entities.ts';
import { keyActor } from './bounds.ts';

const key = (scopes: string[], madeFor: string | null, maker: { roles: Role[]; merchantId?: string | null }) => {
  const kept = { id: 'apikey_1', userId: 'user_1', scopes, madeFor, merchantId: null, ...maker };
  const { scopes: left, merchantId } = keyActor(kept);
  return { scopes: [...left], merchantId };
};
const NOTHING = { scopes: [], merchantId: undefined };
const WRITE = ['product:write'];

describe("a key that was made for a merchant's rows", () => {
  test('is good for them while its maker works for the merchant', () => {
    expect(key(WRITE, 'a', { roles: ['MERCHANT'], merchantId: 'a' })).toEqual({ scopes: WRITE, merchantId: 'a' });
  });

  test.each<[string, Role[]]>([
    ['an operator', ['OPERATOR']],
    ['an administrator', ['ADMIN']],
    ['an operator besides', ['MERCHANT', 'OPERATOR']],
  ])('is good for no other rows when its maker becomes %s', (_, roles) => {
    expect(key(WRITE, 'a', { roles, merchantId: 'a' })).toEqual({ scopes: WRITE, merchantId: 'a' });
  });

  test('has no scope left when its maker works for another merchant', () => {
    expect(key(WRITE, 'a', { roles: ['MERCHANT'], merchantId: 'b' })).toEqual(NOTHING);
    expect(key(['order:read'], 'a', { roles: ['MERCHANT', 'VIEWER'], merchantId: 'b' })).toEqual(NOTHING);
  });

  test('has no scope left when its maker is only a customer: it neither writes nor sees drafts', () => {
    expect(key(WRITE, 'a', { roles: ['CUSTOMER'], merchantId: 'a' })).toEqual(NOTHING);
  });
});

describe("a key that was made for everybody's rows", () => {
  test('is good for them while its maker is staff', () => {
    expect(key(WRITE, null, { roles: ['OPERATOR'] })).toEqual({ scopes: WRITE, merchantId: undefined });
  });

  test("is good for one merchant's rows when its maker works for the merchant and is no longer staff", () => {
    expect(key([...WRITE, 'order:read'], null, { roles: ['MERCHANT'], merchantId: 'b' })).toEqual({
      scopes: WRITE,
      merchantId: 'b',
    });
  });

  test('has no scope left when its maker has none of its scopes, whatever merchant its account has', () => {
    expect(key(['order:read'], null, { roles: ['MERCHANT'], merchantId: 'b' })).toEqual(NOTHING);
    expect(key(['*:write'], null, { roles: ['VIEWER'], merchantId: 'b' })).toEqual(NOTHING);
  });
});

test('a key has none of its maker’s roles, and no session', () => {
  const who = keyActor({
    id: 'apikey_1',
    userId: 'user_1',
    scopes: WRITE,
    madeFor: null,
    roles: ['ADMIN'],
    merchantId: null,
  });
  expect(who.claims()).toMatchObject({ id: 'user_1', roles: [], apiKeyId: 'apikey_1', sessionId: undefined });
});
