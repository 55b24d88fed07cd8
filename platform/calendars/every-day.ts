import { type CalendarDeclaration, type Hours, WEEKDAYS } from './calendar.ts';

/** The same hours on each day of the week. */
export const everyDay = (hours: readonly Hours[]): CalendarDeclaration['weekly'] =>
  Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, hours]));
