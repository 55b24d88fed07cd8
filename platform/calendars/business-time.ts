/**
 * Calculations with calendars: for deadlines (SLAs), cut-off times and quiet hours. Pure: the present is an argument.
 * Durations are milliseconds that really pass, so a day of summer time that begins has 23 hours.
 *
 * Every search ends ten years after its beginning, so that a calendar without openings is an error and no endless loop.
 */
import type { Calendar, Opening } from './calendar.ts';

/** Days that a search goes through: ten years. */
const MOST_DAYS = 3653;
/** Days that an opening may last before it counts as one that never ends. */
const MOST_OPEN_DAYS = 366;
const DAY_MS = 86_400_000;

/** Whether the calendar is open. At the moment of closing it is not. @throws RangeError for an invalid date */
export function isOpen(calendar: Calendar, instant: Date): boolean {
  const at = millisecondsOf(instant);
  const day = calendar.dayOf(at);
  // Hours of yesterday may last over midnight.
  return [day - 1, day].some((one) => calendar.openingsOn(one).some(({ start, end }) => start <= at && at < end));
}

/** The instant itself if the calendar is open then, else the next opening. @throws RangeError if none is in ten years */
export function nextOpening(calendar: Calendar, instant: Date): Date {
  for (const { start } of openingsFrom(calendar, instant)) return new Date(start);
  throw neverOpen(calendar, instant);
}

/**
 * The end of the opening that an instant falls into, or of the next one: what comes at `instant` is worked on until then.
 * @throws RangeError if the calendar does not open in ten years, or then does not close in one
 */
export function cutOff(calendar: Calendar, instant: Date): Date {
  let first: number | undefined;
  let end: number | undefined;
  for (const opening of openingsFrom(calendar, instant)) {
    if (end !== undefined && opening.start > end) return new Date(end);
    end = opening.end;
    first ??= opening.start;
    if (end - first > MOST_OPEN_DAYS * DAY_MS)
      throw new RangeError(`The calendar does not close in the year after ${new Date(first).toISOString()}.`);
  }
  if (end === undefined) throw neverOpen(calendar, instant);
  return new Date(end);
}

/**
 * The instant when a duration of open time has passed: a deadline that falls on a closing time is that closing time.
 * @param duration milliseconds, from 0, for which it is the next opening
 * @throws RangeError for a negative duration, or if so much time is not open in ten years
 */
export function addBusinessTime(calendar: Calendar, instant: Date, duration: number): Date {
  if (!(duration >= 0)) throw new RangeError(`A duration is 0 or more milliseconds, not ${duration}.`);
  let left = duration;
  for (const { start, end } of openingsFrom(calendar, instant)) {
    if (left <= end - start) return new Date(start + left);
    left -= end - start;
  }
  if (left === duration) throw neverOpen(calendar, instant);
  throw new RangeError(
    `The calendar is not open for ${duration} milliseconds in the ten years after ${instant.toISOString()}.`,
  );
}

/**
 * The open time between two instants, in milliseconds; negative if the first is the later one.
 * @throws RangeError if they are more than ten years apart
 */
export function businessTimeBetween(calendar: Calendar, from: Date, to: Date): number {
  if (to.getTime() < from.getTime()) return 0 - businessTimeBetween(calendar, to, from);
  const until = millisecondsOf(to);
  if (until - millisecondsOf(from) > (MOST_DAYS - 2) * DAY_MS)
    throw new RangeError('Open time is not counted over more than ten years.');
  let sum = 0;
  for (const { start, end } of openingsFrom(calendar, from)) {
    if (start >= until) break;
    sum += Math.min(end, until) - start;
  }
  return sum;
}

/** The openings from an instant on, the first one cut there. They may touch at midnight, and do not overlap. */
function* openingsFrom(calendar: Calendar, instant: Date): Generator<Opening, void> {
  let until = millisecondsOf(instant);
  // Hours of yesterday may last over midnight.
  const first = calendar.dayOf(until) - 1;
  for (let day = first; day < first + MOST_DAYS; day++)
    for (const { start, end } of calendar.openingsOn(day)) {
      if (end <= until) continue;
      const opening = { start: Math.max(start, until), end };
      until = end;
      yield opening;
    }
}

function millisecondsOf(instant: Date): number {
  const milliseconds = instant.getTime();
  if (Number.isNaN(milliseconds)) throw new RangeError('A calendar was asked about an invalid date.');
  return milliseconds;
}

const neverOpen = ({ timeZone }: Calendar, instant: Date): RangeError =>
  new RangeError(`The calendar (${timeZone}) is not open in the ten years after ${instant.toISOString()}.`);
