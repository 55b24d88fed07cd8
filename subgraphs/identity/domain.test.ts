import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkRoles, claimsOf, judgeToken } from './domain.ts';
import type { Role } from './entities.ts';

const GRACE_MS = 10_000;
const NOW = new Date('2026-06-01T12:00:00Z');
const at = (milliseconds: number): Date => new Date(NOW.getTime() + milliseconds);

describe('a refresh token', () => {
  const fresh = { expiresAt: at(60_000), usedAt: null, revokedAt: null };

  test('is exchanged until it expires', () => {
    expect(judgeToken(fresh, NOW, GRACE_MS)).toBe('ROTATE');
    expect(judgeToken({ ...fresh, expiresAt: NOW }, NOW, GRACE_MS)).toBe('REFUSE');
  });

  test('that is reused is exchanged within the grace period for lost answers, and then counts as stolen', () => {
    expect(judgeToken({ ...fresh, usedAt: at(-GRACE_MS) }, NOW, GRACE_MS)).toBe('ROTATE');
    expect(judgeToken({ ...fresh, usedAt: at(-GRACE_MS - 1) }, NOW, GRACE_MS)).toBe('REVOKE');
  });

  test('of a revoked session is never exchanged', () => {
    const moment = fc.integer({ min: -1e7, max: 1e7 }).map(at);
    fc.assert(
      fc.property(
        moment,
        fc.option(moment),
        moment,
        (expiresAt, usedAt, revokedAt) => judgeToken({ expiresAt, usedAt, revokedAt }, NOW, GRACE_MS) === 'REFUSE',
      ),
    );
  });
});

describe('the claims of a user', () => {
  const user = { id: 'user_1', customerId: 'customer_1', merchantId: 'merchant_1' };

  test('name the customer and the merchant only with the matching role', () => {
    expect(claimsOf({ ...user, roles: ['CUSTOMER'] }, 's')).toMatchObject({
      customerId: 'customer_1',
      merchantId: undefined,
    });
    expect(claimsOf({ ...user, roles: ['MERCHANT', 'VIEWER'] }, 's')).toMatchObject({
      customerId: undefined,
      merchantId: 'merchant_1',
    });
  });
});

describe('the roles of a user', () => {
  const by = (changedBy: string) => ({ changedBy, isLastAdministrator: false });
  const user = { id: 'user_1', roles: ['ADMIN'] as Role[], customerId: null, merchantId: null };

  test('are distinct, and at least one', () => {
    expect(checkRoles(user, ['ADMIN', 'VIEWER', 'ADMIN'], null, by('user_1'))).toEqual(['ADMIN', 'VIEWER']);
    expect(() => checkRoles(user, [], null, by('user_2'))).toThrow('at least one');
  });

  test('include MERCHANT only with a merchant', () => {
    expect(() => checkRoles(user, ['MERCHANT'], null, by('user_2'))).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
    expect(checkRoles(user, ['MERCHANT'], 'merchant_1', by('user_2'))).toEqual(['MERCHANT']);
  });

  test('keep ADMIN when administrators change their own roles', () => {
    expect(() => checkRoles(user, ['VIEWER'], null, by('user_1'))).toThrow(
      expect.objectContaining({ code: 'INVALID_STATE' }),
    );
    expect(checkRoles(user, ['VIEWER'], null, by('user_2'))).toEqual(['VIEWER']);
  });

  test('keep ADMIN when there is no other administrator, for any caller', () => {
    const last = { changedBy: 'agent:test', isLastAdministrator: true };
    expect(() => checkRoles(user, ['OPERATOR'], null, last)).toThrow(
      expect.objectContaining({ code: 'INVALID_STATE' }),
    );
    expect(checkRoles(user, ['ADMIN', 'VIEWER'], null, last)).toEqual(['ADMIN', 'VIEWER']);
    expect(checkRoles({ ...user, roles: ['VIEWER'] }, ['CUSTOMER'], null, last)).toEqual(['CUSTOMER']);
  });
});
