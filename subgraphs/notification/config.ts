import { z } from 'zod';
import * as value from '../../platform/config/values.ts';

/** The agent's configuration variables. */
export const variables = z.object({
  NOTIFICATION_QUIET_HOURS: value.dailyHours
    .optional()
    .describe(
      'when customers are not disturbed, such as 22:00-08:00: messages that are not urgent are sent afterwards; absent: all are sent at once',
    ),
  NOTIFICATION_TIME_ZONE: value.timeZone
    .default('UTC')
    .describe('the time zone of the quiet hours, that of most of your customers, such as Europe/Berlin'),
  RECOVERY_URL: value.securePage
    .optional()
    .describe(
      'the page of your shop that mails about accounts lead to; it finds `purpose` and `token` behind the #. Absent: mails hold the token alone',
    ),
  MAIL_DIR: z
    .string()
    .optional()
    .describe(
      'the folder where mails are put, a file (.eml) each, for the mail sender of the machine; absent: `mail` in AGORA_DATA',
    ),
});

/** Their parsed values. */
export type NotificationVariables = z.infer<typeof variables>;
