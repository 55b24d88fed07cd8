import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../platform/config/config.ts';
import { Fault } from '../platform/errors.ts';
import { makeFolder } from '../platform/folders.ts';
import type { PaymentVariables } from '../subgraphs/payment/config.ts';
import { parseWebhookSecrets } from '../platform/webhooks/secrets.ts';

/**
 * The configuration of a process that sends its webhooks to itself: with the secret for them, the configured one or one
 * made at the first start and kept beside the data. Any other configuration as it is; always a copy.
 * @throws {Fault} `BAD_KEYS` for a file that holds something else
 */
export function withWebhookSecrets(config: Config & Partial<PaymentVariables>): Config & Partial<PaymentVariables> {
  if (config.SIMULATOR_WEBHOOK_URL !== 'self' || config.PAYMENT_WEBHOOK_SECRETS) return { ...config };
  const path = join(config.AGORA_DATA, 'payment-webhook-secrets');
  makeFolder(config.AGORA_DATA);
  try {
    writeFileSync(path, `whsec_${randomBytes(32).toString('base64')}`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { ...config, PAYMENT_WEBHOOK_SECRETS: checked(readFileSync(path, 'utf8'), path) };
}

function checked(text: string, path: string): string {
  try {
    parseWebhookSecrets(text);
    return text;
  } catch (error) {
    throw new Fault(
      'BAD_KEYS',
      `The secrets of ${path} do not fit: ${(error as Error).message} Put the file back, or delete it: then one is made.`,
    );
  }
}
