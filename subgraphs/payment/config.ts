import { z } from 'zod';
import { SECRET } from '../../platform/config/secret-files.ts';
import * as value from '../../platform/config/values.ts';
import { parseWebhookSecrets } from '../../platform/webhooks/secrets.ts';
import { parseRefundPolicy } from './approval/policy.ts';

const DAY = 86_400;

/** The agent's configuration variables. */
export const variables = z.object({
  PAYMENT_TIMEOUT_MS: value.whole(1, 120_000).default(5000).describe('how long a payment provider may take to answer'),
  PAYMENT_ACTION_SECONDS: value
    .whole(1, 30 * DAY)
    .default(1800)
    .describe('how long a buyer may take to complete an action that the payment requires, such as 3-D Secure'),
  PAYMENT_TIME_ZONE: value.timeZone
    .default('UTC')
    .describe(
      'the time zone of the shop’s books, such as Europe/Berlin: the numbers of refunds begin anew at its new year',
    ),
  PAYMENT_WEBHOOK_SECRETS: z
    .string()
    .optional()
    .superRefine((text, { addIssue }) => {
      const problem = value.messageOf(() => void (text !== undefined && parseWebhookSecrets(text)));
      if (problem) addIssue(problem);
    })
    .describe(
      'secrets shared with the payment provider, `whsec_…`, the newest first, for the webhooks that it sends to ' +
        '/webhooks/payment/simulator; absent: no webhooks are taken',
    )
    .meta(SECRET),
  PAYMENT_REFUND_APPROVAL: z
    .string()
    .optional()
    .superRefine((text, { addIssue }) => {
      const problem = value.messageOf(() => void (text !== undefined && parseRefundPolicy(text)));
      if (problem) addIssue(problem);
    })
    .describe(
      'which refunds need whose approval, as a JSON list of tiers with conditions in CEL, ' +
        '`[{"when": "amountMinor > 10000", "approvers": "OPERATOR", "quorum": 1}]` (docs/approvals.md); absent: none does',
    ),
  PAYMENT_APPROVAL_HOURS: value
    .whole(1, 24 * 365)
    .default(72)
    .describe('how many hours a refund waits for approval before the request expires'),
  SIMULATOR_WEBHOOK_URL: z
    .union([z.literal('self'), value.web], '`self`, or an address that begins with https:// or http://')
    .optional()
    .describe(
      'where the payment simulator sends its webhooks: an address, or `self` for the front door of the same process; ' +
        'absent: it sends none',
    ),
});

/** Their parsed values. */
export type PaymentVariables = z.infer<typeof variables>;
