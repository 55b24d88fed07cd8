import { expect, test } from '@jest/globals';
import { readConfig } from '../../platform/config/config.ts';
import agent from './agent.ts';
import type { NotificationVariables } from './config.ts';
import { quietHoursOf } from './quiet-hours.ts';

const quietHours = (hours?: string, timeZone?: string) =>
  quietHoursOf(
    readConfig(
      {
        ...(hours && { NOTIFICATION_QUIET_HOURS: hours }),
        ...(timeZone && { NOTIFICATION_TIME_ZONE: timeZone }),
      },
      [agent],
    ) as unknown as NotificationVariables,
  );

test.each([
  ['22:00-08:00', 'Europe/Berlin', '2026-06-01T19:59:59Z', '2026-06-01T19:59:59Z'],
  ['22:00-08:00', 'Europe/Berlin', '2026-06-01T20:00:00Z', '2026-06-02T06:00:00Z'],
  ['22:00-08:00', 'Europe/Berlin', '2026-06-02T05:59:59Z', '2026-06-02T06:00:00Z'],
  ['22:00-08:00', 'Europe/Berlin', '2026-06-02T06:00:00Z', '2026-06-02T06:00:00Z'],
  // The night in which summer time begins, and the one in which it ends.
  ['22:00-08:00', 'Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-29T06:00:00Z'],
  ['22:00-08:00', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T07:00:00Z'],
  ['22:00-08:00', 'Asia/Kolkata', '2026-06-01T17:00:00Z', '2026-06-02T02:30:00Z'],
  ['00:00-06:30', 'UTC', '2026-06-01T23:59:59Z', '2026-06-01T23:59:59Z'],
  ['00:00-06:30', 'UTC', '2026-06-02T00:00:00Z', '2026-06-02T06:30:00Z'],
  ['20:00-00:00', 'UTC', '2026-06-01T20:00:00Z', '2026-06-02T00:00:00Z'],
  ['12:00-14:00', undefined, '2026-06-01T13:00:00Z', '2026-06-01T14:00:00Z'],
  ['12:00-14:00', undefined, '2026-06-02T03:00:00Z', '2026-06-02T03:00:00Z'],
])('with quiet hours %s in %s a message of %s may be sent at %s', async (hours, timeZone, now, from) => {
  expect(await quietHours(hours, timeZone).until(new Date(now))).toEqual(new Date(from));
});

test('without quiet hours each message is sent at once', async () => {
  const now = new Date('2026-06-01T03:00:00Z');
  expect(await quietHours().until(now)).toEqual(now);
});
