import { expect, test } from '@jest/globals';
import { givenTime } from './given-time.ts';

const NOW = new Date('2026-11-30T12:00:00Z');

test.each(['2026-11-30T11:59:59Z', '2026-11-30T12:59:59.123456+01:00', '2026-11-30T11:59Z'])('%s is a time', (text) => {
  expect(givenTime(text, NOW)).toBe(text);
});

test.each([
  '',
  'yesterday',
  '2026-11-30',
  '2026-11-30T11:00:00',
  '2026-11-30 11:00:00Z',
  '2026-13-30T11:00:00Z',
  "2026-11-30T11:00:00Z'",
])('"%s" is refused, with an example of a time', (text) => {
  expect(() => givenTime(text, NOW)).toThrow('--to 2026-11-30T12:00:00Z');
});

test('a time that is yet to come is refused', () => {
  expect(() => givenTime('2026-11-30T12:00:01Z', NOW)).toThrow('is yet to come');
});
