import { expect, test } from '@jest/globals';
import { hashOfApiKey, isApiKey, isWholeApiKey, newApiKey } from './api-key.ts';

test('keys are distinct and well-formed', () => {
  const keys = Array.from({ length: 200 }, newApiKey);
  expect(new Set(keys).size).toBe(200);
  for (const key of keys) {
    expect(key).toMatch(/^agk_[0-9a-z]{57}$/);
    expect([isApiKey(key), isWholeApiKey(key)]).toEqual([true, true]);
  }
  expect(hashOfApiKey(keys[0]!)).not.toContain(keys[0]!.slice(4, 12));
});

test('a typing error is detected by the checksum', () => {
  const key = newApiKey();
  const slips = [
    key.slice(0, -1),
    `${key}0`,
    key.toUpperCase(),
    key.replace(/^agk_(.)/, (_, first: string) => `agk_${first === 'a' ? 'b' : 'a'}`),
  ];
  for (const slip of slips) expect(isWholeApiKey(slip)).toBe(false);
  expect(isApiKey('eyJhbGciOiJFZERTQSJ9.e30.x')).toBe(false);
});
