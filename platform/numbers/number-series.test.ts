import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatNumber, type NumberSeries, numberSeries, yearOf } from './number-series.ts';

const REFUNDS: NumberSeries = { name: 'refund', prefix: 'RF', digits: 6, restarts: 'YEARLY' };

test('a number has prefix, year and padded counter; a counter that outgrows its digits is written in full', () => {
  expect(formatNumber(REFUNDS, 2026, 123n)).toBe('RF-2026-000123');
  expect(formatNumber(REFUNDS, 2026, 1234567n)).toBe('RF-2026-1234567');
  expect(formatNumber({ ...REFUNDS, restarts: 'NEVER' }, 0, 7n)).toBe('RF-000007');
});

test('two numbers of a series are the same only if year and counter are', () => {
  const place = fc.record({
    year: fc.integer({ min: 1000, max: 9999 }),
    counter: fc.bigInt({ min: 1n, max: 10n ** 18n }),
  });
  fc.assert(
    fc.property(place, place, fc.integer({ min: 1, max: 18 }), (a, b, digits) => {
      const isSame = a.year === b.year && a.counter === b.counter;
      const series = { ...REFUNDS, digits };
      expect(formatNumber(series, a.year, a.counter) === formatNumber(series, b.year, b.counter)).toBe(isSame);
    }),
  );
});

test.each([
  ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', 2027],
  ['Pacific/Kiritimati', '2026-12-31T09:59:59.999Z', 2026],
  ['Europe/Berlin', '2026-12-31T23:00:00Z', 2027],
  ['UTC', '2026-12-31T23:00:00Z', 2026],
  ['America/Los_Angeles', '2027-01-01T07:59:59Z', 2026],
  ['Asia/Kathmandu', '2026-12-31T18:15:00Z', 2027],
])('in %s the year of %s is %i', (timeZone, at, year) => {
  expect(yearOf(REFUNDS, timeZone, new Date(at))).toBe(year);
});

test('a series that never restarts has no year', () => {
  expect(yearOf({ ...REFUNDS, restarts: 'NEVER' }, 'UTC', new Date())).toBe(0);
});

test.each([
  [{ name: 'two words' }, /"two words" is not a name/],
  [{ prefix: 'rf' }, /"rf" is not a prefix/],
  [{ prefix: 'R-F' }, /"R-F" is not a prefix/],
  [{ digits: 0 }, /1 to 18 digits, not 0/],
  [{ digits: 2.5 }, /1 to 18 digits, not 2.5/],
])('a series with %j is refused', (wrong, message) => {
  expect(() => numberSeries({ ...REFUNDS, ...wrong })).toThrow(message);
});
