import { expect, test } from '@jest/globals';
import { kept, truncated } from './traits.ts';

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:85a3:1234::8a2e:370:7334', '2001:db8:85a3::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['nonsense', null],
  [undefined, null],
])('an address is stored as its network: %s', (address, network) => {
  expect(truncated(address)).toBe(network);
});

test('a user agent is stored with its printable characters', () => {
  expect(kept('Agora/1.0\u0000\u001b[31m (test)')).toBe('Agora/1.0[31m (test)');
  expect(kept('')).toBeNull();
});
