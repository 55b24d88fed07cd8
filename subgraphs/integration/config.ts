import type { BlockList } from 'node:net';
import { z } from 'zod';
import * as value from '../../platform/config/values.ts';
import { networksOf } from '../../platform/outbound/reach.ts';

/** Networks, with commas or spaces between. */
const networks = z.string().transform((text, context): BlockList => {
  try {
    return networksOf(text.split(/[\s,]+/).filter(Boolean));
  } catch (error) {
    context.addIssue(`networks with commas between: ${(error as Error).message}`);
    return z.NEVER;
  }
});

/** The agent's configuration variables. */
export const variables = z.object({
  INTEGRATION_WEBHOOK_NETWORKS: networks
    .optional()
    .describe(
      'networks of your own, such as 10.1.0.0/16,fd00:1::/32, whose hosts webhook endpoints of the house may name; absent: public addresses only',
    ),
  INTEGRATION_WEBHOOK_FAILING_DAYS: value
    .whole(1, 30)
    .default(5)
    .describe('days without any success after which a webhook endpoint is disabled'),
  INTEGRATION_WEBHOOK_RETENTION_DAYS: value
    .whole(1, 90)
    .default(30)
    .describe('days for which deliveries of webhooks are kept, to look at and to send again'),
});

/** Their parsed values. */
export type IntegrationVariables = z.infer<typeof variables>;
