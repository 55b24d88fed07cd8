/** Quiet hours: messages that are not urgent wait for their end. */
import { nextOpening } from '../../platform/calendars/business-time.ts';
import { type Calendar, createCalendar } from '../../platform/calendars/calendar.ts';
import { everyDay } from '../../platform/calendars/every-day.ts';
import type { NotificationVariables } from './config.ts';

/** The quiet hours of the shop. */
export interface QuietHours {
  /** The time from which a message may be sent that is not urgent: the given one, unless it is in quiet hours. */
  until(now: Date): Promise<Date>;
}

/** The quiet hours that are configured; without any, messages are never delayed. */
export function quietHoursOf({
  NOTIFICATION_QUIET_HOURS: quiet,
  NOTIFICATION_TIME_ZONE: timeZone,
}: Pick<NotificationVariables, 'NOTIFICATION_QUIET_HOURS' | 'NOTIFICATION_TIME_ZONE'>): QuietHours {
  if (!quiet) return { until: async (now) => now };
  // Messages are sent in all other hours: from the end of the quiet ones until they begin.
  const weekly = everyDay([{ from: quiet.to, to: quiet.from }]);
  let sendingHours: Promise<Calendar> | undefined;
  return {
    until: async (now) => nextOpening(await (sendingHours ??= createCalendar({ timeZone, weekly })), now),
  };
}
