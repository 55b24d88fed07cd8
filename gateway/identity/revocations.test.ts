import { expect, test } from '@jest/globals';
import { Revocations } from './revocations.ts';

test('a revoked session is remembered as long as its tokens may be good, and then forgotten', () => {
  const revocations = new Revocations(900);
  revocations.revoke('session_a', 0);
  expect(revocations.isRevoked('session_a')).toBe(true);
  expect(revocations.isRevoked('session_b')).toBe(false);
  expect(revocations.isRevoked(undefined)).toBe(false);
  revocations.revoke('session_b', 900_001);
  expect(revocations.isRevoked('session_a')).toBe(false);
  expect(revocations.isRevoked('session_b')).toBe(true);
});
