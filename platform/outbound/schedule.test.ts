import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JITTER, judge, MAX_PAUSES, PAUSE_MS, pauseOf, WAITS_MS } from './schedule.ts';

const now = new Date('2026-06-01T12:00:00Z');
const HOUR = 3_600_000;
const judged = (
  status: number | null,
  more: { attempts?: number; tried?: number; retryAfter?: string; chance?: number } = {},
) => judge({ status, retryAfter: more.retryAfter }, { attempts: 0, tried: 0, now, chance: 0.5, ...more });

test.each([200, 201, 202, 204, 299])('%i is delivered', (status) => {
  expect(judged(status, { attempts: 9 })).toEqual({ outcome: 'DELIVERED' });
});

test('410 wants nothing more', () => {
  expect(judged(410)).toEqual({ outcome: 'GONE' });
});

test.each([null, 100, 301, 307, 400, 404, 408, 500, 503])(
  '%s is tried again by the schedule, and given up after it',
  (status) => {
    for (const [attempts, wait] of WAITS_MS.entries())
      expect(judged(status, { attempts })).toEqual({
        outcome: 'RETRIED',
        at: new Date(now.getTime() + wait),
        isCounted: true,
        pausesUntil: null,
      });
    expect(judged(status, { attempts: WAITS_MS.length })).toEqual({ outcome: 'FAILED' });
  },
);

test('the schedule ends between three and four days after the first attempt', () => {
  const total = WAITS_MS.reduce((sum, wait) => sum + wait, 0);
  expect(total).toBeGreaterThan(75 * HOUR);
  expect(total * (1 + JITTER / 2)).toBeLessThan(96 * HOUR);
});

test('a wait has its jitter within a tenth on either side', () => {
  fc.assert(
    fc.property(fc.nat(WAITS_MS.length - 1), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
      const verdict = judged(500, { attempts, chance });
      const wait = (verdict as { at: Date }).at.getTime() - now.getTime();
      expect(wait / WAITS_MS[attempts]!).toBeGreaterThanOrEqual(0.89);
      expect(wait / WAITS_MS[attempts]!).toBeLessThanOrEqual(1.11);
    }),
  );
});

test.each([
  ['120', 120_000],
  ['0', PAUSE_MS.least],
  ['999999999', PAUSE_MS.most],
  ['Mon, 01 Jun 2026 12:10:00 GMT', 600_000],
  ['Mon, 01 Jun 2026 11:00:00 GMT', PAUSE_MS.least],
  ['Monday, 01-Jun-26 12:10:00 GMT', 600_000],
  ['Mon Jun  1 12:10:00 2026', 600_000],
  ['Mon, 99 Jun 2026 12:10:00 GMT', null],
  ['-1', null],
  ['1.5', null],
  ['soon 1', null],
  ['2026-06-01T12:10:00Z', null],
  ['soon', null],
  ['', null],
  [undefined, null],
])('retry-after %s is a wait of %s ms', (text, expected) => {
  expect(pauseOf(text, now)).toBe(expected);
});

test('429 and 503 with a retry-after pause the endpoint and use up no attempt; other answers do not', () => {
  for (const status of [429, 503]) {
    const at = new Date(now.getTime() + 60_000);
    const expected = { outcome: 'RETRIED', at, isCounted: false, pausesUntil: at };
    expect(judged(status, { retryAfter: '60' })).toEqual(expected);
    expect(judged(status, { retryAfter: '60', attempts: 9 })).toEqual(expected);
  }
  expect(judged(500, { retryAfter: '60' })).toMatchObject({ isCounted: true, pausesUntil: null });
});

test('after a hundred attempts such an answer counts, and is waited for as long as both it and the schedule say', () => {
  const after = (ms: number) => new Date(now.getTime() + ms);
  const paused = (retryAfter: string, attempts: number) => judged(429, { retryAfter, attempts, tried: MAX_PAUSES });
  expect(judged(429, { retryAfter: '1', tried: MAX_PAUSES - 1 })).toMatchObject({ isCounted: false });
  expect(paused('60', 0)).toEqual({
    outcome: 'RETRIED',
    at: after(60_000),
    isCounted: true,
    pausesUntil: after(60_000),
  });
  expect(paused('60', 1)).toMatchObject({ at: after(WAITS_MS[1]), pausesUntil: after(60_000) });
  expect(paused('60', WAITS_MS.length)).toEqual({ outcome: 'FAILED' });
});
