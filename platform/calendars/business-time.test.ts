import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addBusinessTime, businessTimeBetween, cutOff, isOpen, nextOpening } from './business-time.ts';
import { type Calendar, type CalendarDeclaration, createCalendar, WEEKDAYS } from './calendar.ts';
import { everyDay } from './every-day.ts';

const [HOUR, DAY] = [3_600_000, 86_400_000];
const on = (iso: string) => new Date(iso);

describe('outside cases', () => {
  interface Case {
    id: string;
    operation: 'after' | 'within' | 'active' | 'segments';
    schedule: string;
    at?: string;
    start?: string;
    end?: string;
    seconds?: number;
    pauses?: [string, string][];
    expected: never;
    escalateBefore?: number;
    expectedEscalation?: string;
    note?: string;
  }
  const { schedules, cases } = JSON.parse(
    readFileSync(new URL('fixtures/business-hours.json', import.meta.url), 'utf8'),
  ) as { schedules: Record<string, CalendarDeclaration>; cases: Case[] };
  const calendars = new Map<string, Calendar>();
  beforeAll(async () => {
    for (const [name, declaration] of Object.entries(schedules)) calendars.set(name, await createCalendar(declaration));
  });

  /** A deadline while the clock is stopped between the pauses, as a room counts it: by what is left when it goes on. */
  function deadline(calendar: Calendar, start: Date, duration: number, pauses: [string, string][] = []): Date {
    const [pause, ...later] = pauses;
    if (!pause) return addBusinessTime(calendar, start, duration);
    const before = businessTimeBetween(calendar, start, on(pause[0]));
    if (before >= duration) return addBusinessTime(calendar, start, duration);
    return deadline(calendar, on(pause[1]), duration - before, later);
  }

  /** Open seconds without the pauses. The cases count none where the end is before the start, and we count backwards. */
  const paused = (calendar: Calendar, { start, end, pauses = [] }: Case): number => {
    const whole = businessTimeBetween(calendar, on(start!), on(end!));
    if (end! < start!) {
      expect(whole).toBeLessThan(0);
      return 0;
    }
    return pauses.reduce((sum, [from, to]) => sum - businessTimeBetween(calendar, on(from), on(to)), whole) / 1000;
  };

  const segments = (calendar: Calendar, { start, expected }: Case): string[][] => {
    let at = on(start!);
    return (expected as string[][]).map(() => {
      const from = nextOpening(calendar, at);
      at = cutOff(calendar, from);
      return [from, at].map((time) => time.toISOString().replace('.000', ''));
    });
  };

  const answer = (calendar: Calendar, one: Case): unknown => {
    if (one.operation === 'active') return isOpen(calendar, on(one.at!));
    if (one.operation === 'within') return paused(calendar, one);
    if (one.operation === 'segments') return segments(calendar, one);
    if (one.expected === null) {
      expect(() => addBusinessTime(calendar, on(one.start!), HOUR)).toThrow(/is not open in the ten years/);
      return null;
    }
    return deadline(calendar, on(one.start!), one.seconds! * 1000, one.pauses)
      .toISOString()
      .replace('.000', '');
  };

  test.each(cases.map((one) => [one.id, one.operation, one.note ?? one.schedule, one] as const))(
    '%s, %s: %s',
    (_, __, ___, one) => {
      const calendar = calendars.get(one.schedule)!;
      expect(answer(calendar, one)).toEqual(one.expected);
      if (one.escalateBefore)
        expect(addBusinessTime(calendar, on(one.start!), (one.seconds! - one.escalateBefore) * 1000)).toEqual(
          on(one.expectedEscalation!),
        );
    },
  );
});

describe('nights', () => {
  const night = { timeZone: 'Europe/Berlin', weekly: everyDay([{ from: '22:00', to: '06:00' }]) };

  test('last over midnight, and are an hour shorter or longer when the clocks change', async () => {
    const calendar = await createCalendar(night);
    expect(nextOpening(calendar, on('2026-06-01T12:00:00Z'))).toEqual(on('2026-06-01T20:00:00Z'));
    expect(isOpen(calendar, on('2026-06-02T03:59:59.999Z'))).toBe(true);
    expect(isOpen(calendar, on('2026-06-02T04:00:00Z'))).toBe(false);
    expect(cutOff(calendar, on('2026-06-01T23:00:00Z'))).toEqual(on('2026-06-02T04:00:00Z'));
    const hours = (from: string, to: string) => businessTimeBetween(calendar, on(from), on(to)) / HOUR;
    expect(hours('2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toBe(7);
    expect(hours('2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toBe(9);
    expect(hours('2026-06-01T12:00:00Z', '2026-06-02T12:00:00Z')).toBe(8);
  });

  test('before a holiday end in the morning of it, and the holiday has no night of its own', async () => {
    const calendar = await createCalendar({ ...night, exceptions: { '2026-12-25': [] } });
    expect(isOpen(calendar, on('2026-12-25T04:00:00Z'))).toBe(true);
    expect(isOpen(calendar, on('2026-12-25T22:00:00Z'))).toBe(false);
  });

  test('that last into the hours of the next day are counted once', async () => {
    const calendar = await createCalendar({
      timeZone: 'UTC',
      weekly: { MONDAY: [{ from: '20:00', to: '10:00' }], TUESDAY: [{ from: '08:00', to: '12:00' }] },
    });
    expect(businessTimeBetween(calendar, on('2026-06-01T00:00:00Z'), on('2026-06-03T00:00:00Z'))).toBe(16 * HOUR);
    expect(cutOff(calendar, on('2026-06-01T21:00:00Z'))).toEqual(on('2026-06-02T12:00:00Z'));
  });
});

describe('changes of the clock', () => {
  // Published: tzdata's rules of the United States, the European Union, Lord Howe, and Samoa's move over the date line.
  test.each([
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Europe/London', '2026-03-29', 23],
    ['Europe/London', '2026-10-25', 25],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Asia/Kolkata', '2026-03-29', 24],
    ['Asia/Kathmandu', '2026-03-29', 24],
    ['Pacific/Apia', '2011-12-30', 0],
    ['Pacific/Apia', '2011-12-31', 24],
    ['America/Sao_Paulo', '2017-10-15', 23],
  ])('in %s the whole day %s has %d hours', async (timeZone, date, hours) => {
    const calendar = await createCalendar({
      timeZone,
      weekly: {},
      exceptions: { [date]: [{ from: '00:00', to: '24:00' }] },
    });
    const [from, to] = [-2, 3].map((days) => new Date(Date.parse(date) + days * DAY)) as [Date, Date];
    expect(businessTimeBetween(calendar, from, to) / HOUR).toBe(hours);
  });

  test('a day that the zone leaves out has no hours, and the days around it have theirs once', async () => {
    const calendar = await createCalendar({
      timeZone: 'Pacific/Apia',
      weekly: everyDay([{ from: '09:00', to: '17:00' }]),
      exceptions: { '2011-12-31': [] },
    });
    expect(nextOpening(calendar, on('2011-12-30T04:00:00Z'))).toEqual(on('2011-12-31T19:00:00Z'));
  });

  test('hours that begin in a skipped hour before midnight begin after it', async () => {
    // Scoresbysund skips 23:00 to 24:00 on this day, as the European Union does it at 01:00 UTC.
    const calendar = await createCalendar({
      timeZone: 'America/Scoresbysund',
      weekly: { SATURDAY: [{ from: '23:30', to: '06:00' }] },
    });
    expect(nextOpening(calendar, on('2026-03-28T12:00:00Z'))).toEqual(on('2026-03-29T01:30:00Z'));
    expect(cutOff(calendar, on('2026-03-28T12:00:00Z'))).toEqual(on('2026-03-29T07:00:00Z'));
  });

  test('hours that are pushed into others by a skipped hour are counted once', async () => {
    const calendar = await createCalendar({
      timeZone: 'America/New_York',
      weekly: {
        SUNDAY: [
          { from: '02:15', to: '02:45' },
          { from: '03:00', to: '04:00' },
        ],
      },
    });
    expect(businessTimeBetween(calendar, on('2026-03-08T00:00:00Z'), on('2026-03-09T00:00:00Z'))).toBe(HOUR);
  });
});

describe('a calendar that', () => {
  test('has no openings says so', async () => {
    const calendar = await createCalendar({
      timeZone: 'UTC',
      weekly: {},
      exceptions: { '2026-01-01': [{ from: '09:00', to: '10:00' }] },
    });
    const late = on('2026-01-01T10:00:00Z');
    for (const ask of [nextOpening, cutOff, (c: Calendar, at: Date) => addBusinessTime(c, at, 1)])
      expect(() => ask(calendar, late)).toThrow(
        'The calendar (UTC) is not open in the ten years after 2026-01-01T10:00:00.000Z.',
      );
    expect(() => addBusinessTime(calendar, on('2025-12-31T00:00:00Z'), 2 * HOUR)).toThrow(
      /not open for 7200000 milliseconds/,
    );
    expect(isOpen(calendar, late)).toBe(false);
    expect(businessTimeBetween(calendar, late, on('2030-01-01T00:00:00Z'))).toBe(0);
  });

  test('never closes has no cut-off', async () => {
    const calendar = await createCalendar({ timeZone: 'UTC', weekly: everyDay([{ from: '00:00', to: '24:00' }]) });
    expect(() => cutOff(calendar, on('2026-01-01T10:00:00Z'))).toThrow(
      /does not close in the year after 2026-01-01T10/,
    );
  });

  test('is asked about impossible times says so', async () => {
    const calendar = await createCalendar({ timeZone: 'UTC', weekly: everyDay([{ from: '09:00', to: '17:00' }]) });
    expect(() => isOpen(calendar, new Date(Number.NaN))).toThrow('invalid date');
    expect(() => addBusinessTime(calendar, new Date(0), -1)).toThrow('0 or more milliseconds');
    expect(() => addBusinessTime(calendar, new Date(0), Number.NaN)).toThrow('0 or more milliseconds');
    expect(() => businessTimeBetween(calendar, new Date(0), on('2026-01-01T00:00:00Z'))).toThrow('ten years');
  });
});

describe('declarations', () => {
  test.each([
    [{ timeZone: 'Mars/Olympus' }, '"Mars/Olympus" is no time zone'],
    [{ timeZone: '+02:00' }, '"+02:00" is no time zone'],
    [{ weekly: { MONDAY: [{ from: '9:00', to: '17:00' }] } }, '"9:00" of MONDAY is no time'],
    [{ weekly: { MONDAY: [{ from: '09:00', to: '24:30' }] } }, '"24:30" of MONDAY is no time'],
    [{ weekly: { MONDAY: [{ from: '24:00', to: '01:00' }] } }, 'MONDAY cannot open at 24:00'],
    [{ weekly: { MONDAY: [{ from: '09:00', to: '09:00' }] } }, 'MONDAY opens and closes at 09:00'],
    [
      {
        weekly: {
          MONDAY: [
            { from: '13:00', to: '17:00' },
            { from: '09:00', to: '13:01' },
          ],
        },
      },
      'MONDAY has hours that overlap',
    ],
    [{ weekly: {}, exceptions: { '2026-02-29': [] } }, '"2026-02-29" is no date'],
    [{ weekly: {}, exceptions: { '1.1.2026': [] } }, '"1.1.2026" is no date'],
    [
      { weekly: { MONDAY: Array.from({ length: 25 }, () => ({ from: '09:00', to: '10:00' })) } },
      'more than 24 openings',
    ],
  ])('%j is refused', async (wrong, message) => {
    await expect(createCalendar({ timeZone: 'UTC', weekly: {}, ...wrong })).rejects.toThrow(message);
  });
});

describe('for any calendar', () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const time = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  /** Up to three stretches of a day that do not overlap; the last one may last over midnight. */
  const hours = fc.uniqueArray(minute, { minLength: 2, maxLength: 6 }).map((found) => {
    const sorted = found.toSorted((a, b) => a - b);
    const pairs = Array.from(
      { length: Math.floor(sorted.length / 2) },
      (_, n) => [sorted[2 * n]!, sorted[2 * n + 1]!] as const,
    );
    const overnight = sorted.length % 2 === 1 ? [[sorted.at(-1)!, Math.min(sorted[0]!, 300)] as const] : [];
    return [...pairs, ...overnight].map(([from, to]) => ({ from: time(from), to: time(to) }));
  });
  const declaration = fc.record({
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'Pacific/Apia',
    ),
    weekly: fc.record(Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, hours])), { requiredKeys: ['WEDNESDAY'] }),
    exceptions: fc.dictionary(
      fc.integer({ min: 0, max: 59 }).map((n) => new Date(Date.UTC(2026, 2, 1 + n)).toISOString().slice(0, 10)),
      fc.oneof(fc.constant([]), hours),
      { maxKeys: 4 },
    ),
  });
  // Around the days when the clocks change in March and April.
  const instant = fc.date({ min: on('2026-02-20T00:00:00Z'), max: on('2026-05-01T00:00:00Z'), noInvalidDate: true });
  const duration = fc.integer({ min: 0, max: 3 * HOUR });
  const runs = { numRuns: 150 };

  test('open time is added and counted back: the two are inverse', () =>
    fc.assert(
      fc.asyncProperty(declaration, instant, duration, async (declared, at, milliseconds) => {
        const calendar = await createCalendar(declared);
        expect(businessTimeBetween(calendar, at, addBusinessTime(calendar, at, milliseconds))).toBe(milliseconds);
      }),
      runs,
    ));

  test('what is counted and added again comes to the same instant, or to the closing before it', () =>
    fc.assert(
      fc.asyncProperty(declaration, instant, instant, async (declared, a, b) => {
        const calendar = await createCalendar(declared);
        const [from, to] = a < b ? [a, b] : [b, a];
        const passed = businessTimeBetween(calendar, from, to);
        const back = addBusinessTime(calendar, from, passed);
        if (passed > 0 && isOpen(calendar, to)) {
          // The closing of one stretch and the opening of the next are as far from the beginning.
          expect(businessTimeBetween(calendar, back, to)).toBe(0);
        }
        if (passed > 0) expect(back.getTime()).toBeLessThanOrEqual(to.getTime());
        expect(businessTimeBetween(calendar, to, from)).toBe(0 - passed);
      }),
      runs,
    ));

  test('a later beginning or a longer duration never ends earlier, and open time adds up', () =>
    fc.assert(
      fc.asyncProperty(
        declaration,
        fc.tuple(instant, instant, instant),
        fc.tuple(duration, duration),
        async (declared, times, lengths) => {
          const calendar = await createCalendar(declared);
          const [a, b, c] = times.toSorted((x, y) => x.getTime() - y.getTime()) as [Date, Date, Date];
          const [short, long] = lengths.toSorted((x, y) => x - y) as [number, number];
          const end = (from: Date, milliseconds: number) => addBusinessTime(calendar, from, milliseconds).getTime();
          expect(end(a, short)).toBeLessThanOrEqual(end(b, short));
          expect(end(a, short)).toBeLessThanOrEqual(end(a, long));
          const between = (from: Date, to: Date) => businessTimeBetween(calendar, from, to);
          expect(between(a, b) + between(b, c)).toBe(between(a, c));
        },
      ),
      runs,
    ));

  test('the next opening is open, nothing before it is, and the cut-off closes what is open until then', () =>
    fc.assert(
      fc.asyncProperty(declaration, instant, async (declared, at) => {
        const calendar = await createCalendar(declared);
        const opening = nextOpening(calendar, at);
        expect(isOpen(calendar, opening)).toBe(true);
        expect(businessTimeBetween(calendar, at, opening)).toBe(0);
        expect(isOpen(calendar, at)).toBe(opening.getTime() === at.getTime());
        const end = cutOff(calendar, at);
        expect(isOpen(calendar, end)).toBe(false);
        expect(businessTimeBetween(calendar, opening, end)).toBe(end.getTime() - opening.getTime());
      }),
      runs,
    ));
});
