/**
 * Days in time zones, by the names of IANA's database (https://www.iana.org/time-zones), as this Node.js knows them.
 */

/** A cache of formats, one per time zone: they are expensive to create. */
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The day (`2026-01-31`) in a time zone: a law, and a year of documents, begin at midnight there.
 * @throws RangeError for a name that is no time zone
 */
export function dayIn(timeZone: string, at: Date): string {
  let format = formats.get(timeZone);
  if (!format) {
    // The Gregorian calendar in digits, independent of the locale of the process.
    format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.year!.padStart(4, '0')}-${parts.month}-${parts.day}`;
}

/** Whether it is the name of a time zone: `Europe/Berlin`, `UTC`. An offset alone, such as `+02:00`, is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    dayIn(name, new Date(0));
    return true;
  } catch {
    return false;
  }
}
