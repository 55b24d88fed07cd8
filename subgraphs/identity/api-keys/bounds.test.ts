import { describe, expect, test } from '@jest/globals';
import type { UserRole } from '../entities.ts';
import { keyActor } from './bounds.ts';

const key = (
  scopes: string[],
  made_for: string | null,
  { roles, merchant_id = null }: { roles: UserRole[]; merchant_id?: string | null },
) => {
  const { scopes: left, merchantId } = keyActor({
    id: 'apikey_1',
    user_id: 'user_1',
    scopes,
    made_for,
    roles,
    merchant_id,
  });
  return { scopes: [...left], merchantId };
};
const NOTHING = { scopes: [], merchantId: undefined };
const WRITE = ['product:write'];

describe("a key that was made for a merchant's rows", () => {
  test('is good for them, as long as its maker works there', () => {
    expect(key(WRITE, 'a', { roles: ['MERCHANT'], merchant_id: 'a' })).toEqual({ scopes: WRITE, merchantId: 'a' });
  });

  test.each<[string, UserRole[]]>([
    ['an operator', ['OPERATOR']],
    ['an administrator', ['ADMIN']],
    ['an operator besides', ['MERCHANT', 'OPERATOR']],
  ])('is good for no others when its maker becomes %s', (_, roles) => {
    expect(key(WRITE, 'a', { roles, merchant_id: 'a' })).toEqual({ scopes: WRITE, merchantId: 'a' });
  });

  test('is good for nothing when its maker works for another merchant', () => {
    expect(key(WRITE, 'a', { roles: ['MERCHANT'], merchant_id: 'b' })).toEqual(NOTHING);
    expect(key(['order:read'], 'a', { roles: ['MERCHANT', 'VIEWER'], merchant_id: 'b' })).toEqual(NOTHING);
  });

  test('is good for nothing when its maker only buys: neither to write nor to see drafts', () => {
    expect(key(WRITE, 'a', { roles: ['CUSTOMER'], merchant_id: 'a' })).toEqual(NOTHING);
  });
});

describe("a key that was made for everybody's rows", () => {
  test('is good for them as long as its maker is staff', () => {
    expect(key(WRITE, null, { roles: ['OPERATOR'] })).toEqual({ scopes: WRITE, merchantId: undefined });
  });

  test("is good for one merchant's when its maker works there and is no longer staff", () => {
    expect(key([...WRITE, 'order:read'], null, { roles: ['MERCHANT'], merchant_id: 'b' })).toEqual({
      scopes: WRITE,
      merchantId: 'b',
    });
  });

  test('is good for nothing when its maker has nothing of it, whatever merchant is noted of them', () => {
    expect(key(['order:read'], null, { roles: ['MERCHANT'], merchant_id: 'b' })).toEqual(NOTHING);
    expect(key(['*:write'], null, { roles: ['VIEWER'], merchant_id: 'b' })).toEqual(NOTHING);
  });
});

test('a key has none of its maker’s roles, and no session', () => {
  const who = keyActor({
    id: 'apikey_1',
    user_id: 'user_1',
    scopes: WRITE,
    made_for: null,
    roles: ['ADMIN'],
    merchant_id: null,
  });
  expect(who.claims()).toMatchObject({ id: 'user_1', roles: [], apiKeyId: 'apikey_1', sessionId: undefined });
});
