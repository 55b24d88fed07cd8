/**
 * Calendars: when somebody works, ships or may be disturbed. A calendar is a time zone, the hours of each weekday, and the
 * days that differ. Calculations with it are in business-time.ts.
 *
 * Local times become instants as Temporal's `compatible` says (https://tc39.es/proposal-temporal/docs/ambiguity.html): a
 * time that the clock skips is as much later as the clock jumps, and one that comes twice is its first occurrence.
 */
import { isTimeZone } from '../time-zone.ts';

/** The days of the week, in the order from 1970-01-01, which was a Thursday. */
export const WEEKDAYS = ['THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY'] as const;

/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * Hours in local time, open at `from` and closed at `to`: `09:00` to `17:00`. A `to` at or before `from` is of the next
 * day, `22:00` to `06:00`; `24:00` is the end of the day.
 */
export interface Hours {
  from: string;
  to: string;
}

/** A calendar, as it is declared. */
export interface CalendarDeclaration {
  /** IANA name: `Europe/Berlin`. */
  timeZone: string;
  /** The hours of each weekday, at most 24 a day, which do not overlap. A day that is not given is closed. */
  weekly: Partial<Readonly<Record<Weekday, readonly Hours[]>>>;
  /**
   * Days with other hours than their weekday's, by date (`2026-12-24`), such as holidays, which have none. Hours belong to
   * the day on which they begin: a holiday does not end the night before it. @default none
   */
  exceptions?: Readonly<Record<string, readonly Hours[]>>;
}

/** A stretch of time without a break, in milliseconds since 1970: from `start`, and before `end`. */
export interface Opening {
  start: number;
  end: number;
}

/** A calendar to calculate with. Days are counted from 1970-01-01. */
export interface Calendar {
  readonly timeZone: string;
  /** The openings that begin on a day, in order. They do not touch each other. */
  openingsOn(day: number): readonly Opening[];
  /** The day of an instant, in the calendar's time zone. */
  dayOf(milliseconds: number): number;
}

/** Hours in minutes since midnight; `to` is over 1440 on the next day. */
interface Minutes {
  from: number;
  to: number;
}

const DAY_MINUTES = 1440;
const DAY_MS = 86_400_000;
const MOST_HOURS = 24;

/** Loads Temporal when a calendar is first needed: a process without calendars starts sooner. */
const loadTemporal = async () => (await import('temporal-polyfill')).Temporal;

/**
 * Makes a calendar of its declaration.
 * @throws RangeError for a time zone, a time, a date or hours that cannot be, in words for the one who declared it
 */
export async function createCalendar({ timeZone, weekly, exceptions = {} }: CalendarDeclaration): Promise<Calendar> {
  if (!isTimeZone(timeZone)) throw new RangeError(`"${timeZone}" is no time zone: use a name such as Europe/Berlin.`);
  const ofWeekdays = WEEKDAYS.map((weekday) => minutesOf(weekday, weekly[weekday] ?? []));
  const ofDays = new Map(Object.entries(exceptions).map(([date, hours]) => [dayNumber(date), minutesOf(date, hours)]));
  const Temporal = await loadTemporal();

  /** The instant of a local time, in milliseconds. */
  const at = (day: number, minutes: number): number => {
    const date = new Date((day + Math.floor(minutes / DAY_MINUTES)) * DAY_MS);
    const [hour, minute] = [Math.floor((minutes % DAY_MINUTES) / 60), minutes % 60];
    return Temporal.ZonedDateTime.from(
      { timeZone, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour, minute },
      { disambiguation: 'compatible' },
    ).epochMilliseconds;
  };
  const openingOf = (day: number, { from, to }: Minutes): Opening[] => {
    const opening = { start: at(day, from), end: at(day, to) };
    // Hours that lie in a skipped hour vanish.
    return opening.start < opening.end ? [opening] : [];
  };
  // A zone that moves over the date line skips a day (Samoa, 2011-12-30): there are no hours on it.
  const isSkipped = (day: number): boolean => at(day, 0) === at(day + 1, 0);
  return {
    timeZone,
    openingsOn: (day) => {
      const hours = ofDays.get(day) ?? ofWeekdays[((day % 7) + 7) % 7]!;
      if (hours.length === 0 || isSkipped(day)) return [];
      return joined(hours.flatMap((one) => openingOf(day, one)));
    },
    dayOf: (milliseconds) => {
      const { year, month, day } = Temporal.Instant.fromEpochMilliseconds(milliseconds).toZonedDateTimeISO(timeZone);
      return Date.UTC(year, month - 1, day) / DAY_MS;
    },
  };
}

/** Openings in order, those that touch or overlap joined: a skipped hour may push one into the next. */
function joined(openings: readonly Opening[]): Opening[] {
  const result: Opening[] = [];
  for (const opening of openings.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last && opening.start <= last.end) last.end = Math.max(last.end, opening.end);
    else result.push({ ...opening });
  }
  return result;
}

/** The hours of one day, checked, in order. */
function minutesOf(day: string, hours: readonly Hours[]): Minutes[] {
  if (hours.length > MOST_HOURS) throw new RangeError(`${day} has more than ${MOST_HOURS} openings.`);
  const sorted = hours
    .map(({ from, to }) => {
      const [start, end] = [minuteOf(day, from), minuteOf(day, to)];
      if (start === DAY_MINUTES) throw new RangeError(`${day} cannot open at 24:00: use 00:00 of the next day.`);
      if (start === end)
        throw new RangeError(`${day} opens and closes at ${from}: use 00:00 to 24:00 for the whole day.`);
      return { from: start, to: end < start ? end + DAY_MINUTES : end };
    })
    .sort((a, b) => a.from - b.from);
  const overlapping = sorted.find(({ from }, index) => index > 0 && from < sorted[index - 1]!.to);
  if (overlapping) throw new RangeError(`${day} has hours that overlap: the one before has not ended.`);
  return sorted;
}

function minuteOf(day: string, time: string): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (time === '24:00') return DAY_MINUTES;
  if (hour === undefined) throw new RangeError(`"${time}" of ${day} is no time: use 00:00 to 24:00.`);
  return Number(hour) * 60 + Number(minute);
}

function dayNumber(date: string): number {
  const milliseconds = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== date)
    throw new RangeError(`"${date}" is no date: use one such as 2026-12-24.`);
  return milliseconds / DAY_MS;
}
