import { expect, test } from '@jest/globals';
import { delayAfter } from './backoff.ts';

const longest = (attempts: number) => delayAfter(attempts, () => 1);

test('the backoff of a step grows: soon at first, within ten seconds for two minutes, hourly in the end', () => {
  const delays = Array.from({ length: 60 }, (_, n) => longest(n + 1));
  expect(delays.every((delay, n) => n === 0 || delay >= delays[n - 1]!)).toBe(true);
  expect(delays.slice(0, 8)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
  expect(delays[17]).toBe(10_000);
  expect(delays[20]).toBeCloseTo(33_750);
  expect(delays.at(-1)).toBe(3_600_000);
});

test('a step that has failed for some time is retried before it has failed for twice as long', () => {
  for (let attempts = 20, failed = 0; attempts < 40; attempts++) {
    failed = Array.from({ length: attempts - 1 }, (_, n) => longest(n + 1)).reduce((sum, each) => sum + each, 0);
    expect(longest(attempts)).toBeLessThan(failed);
  }
});

test('half of the backoff is jitter, so that steps that failed together are not retried together', () => {
  expect([delayAfter(8, () => 0), delayAfter(8, () => 0.5), delayAfter(8, () => 1)]).toEqual([5000, 7500, 10_000]);
});
