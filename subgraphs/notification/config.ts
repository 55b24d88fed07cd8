import { z } from 'zod';
import * as value from '../../platform/config/values.ts';

/** The agent's configuration variables. */
export const variables = z.object({
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
