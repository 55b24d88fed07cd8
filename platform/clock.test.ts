import { expect, test } from '@jest/globals';
import { FixedClock, systemClock } from './clock.ts';

test('a fixed clock stands still until it is moved', () => {
  const clock = new FixedClock('2026-03-01T00:00:00Z');
  expect(clock.now()).toEqual(clock.now());
  clock.advance(1500);
  expect(clock.now().toISOString()).toBe('2026-03-01T00:00:01.500Z');
  clock.advance(-2000);
  expect(clock.now().toISOString()).toBe('2026-02-28T23:59:59.500Z');
});

test('a change of a date that a fixed clock returned does not change the time', () => {
  const clock = new FixedClock();
  clock.now().setFullYear(1999);
  expect(clock.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
});

test("the system's clock advances", () => {
  const before = Date.now();
  const now = systemClock.now().getTime();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
