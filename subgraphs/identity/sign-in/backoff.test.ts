import { expect, test } from '@jest/globals';
import { type Attempts, afterFailure, blockedUntil, FORGET_MS, OF_ACCOUNT } from './backoff.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const minutes = ({ blockedUntil }: Attempts) => blockedUntil && (blockedUntil.getTime() - NOW.getTime()) / 60_000;

test('the first failures are free, each further one doubles the backoff, up to a quarter of an hour', () => {
  let attempts: Attempts | undefined;
  const waits = Array.from({ length: 12 }, () => minutes((attempts = afterFailure(attempts, OF_ACCOUNT, NOW))));
  expect(waits).toEqual([null, null, null, null, 1, 2, 4, 8, 15, 15, 15, 15]);
});

test('the block ends with time, and a day without failures resets the count', () => {
  const blocked = afterFailure({ failures: 9, lastAt: NOW, blockedUntil: null }, OF_ACCOUNT, NOW);
  expect(blockedUntil(blocked, NOW)).toEqual(blocked.blockedUntil);
  expect(blockedUntil(blocked, blocked.blockedUntil!)).toBeUndefined();
  const nextDay = new Date(NOW.getTime() + FORGET_MS + 1);
  expect(afterFailure(blocked, OF_ACCOUNT, nextDay)).toMatchObject({ failures: 1, blockedUntil: null });
});
