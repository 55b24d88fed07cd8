/** Secrets of webhooks, as Standard Webhooks writes them: `whsec_` and 24 to 64 random bytes in base64. */

/** Secrets, the newest first: it signs, all of them verify, so that a rotation refuses no delivery. */
export type WebhookSecrets = readonly [string, ...string[]];

const FORM = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/**
 * Reads `whsec_…,whsec_…`, the newest first.
 * @throws Error that names the invalid one by its number, without any part of a secret
 */
export function parseWebhookSecrets(text: string): WebhookSecrets {
  const secrets = text.trim().split(/[\s,]+/);
  for (const [index, secret] of secrets.entries()) {
    const base64 = FORM.exec(secret)?.[1] ?? '';
    const bytes = Buffer.from(base64, 'base64');
    const isWhole = bytes.toString('base64') === base64;
    if (!isWhole || bytes.length < LEAST_BYTES || bytes.length > MOST_BYTES)
      throw new Error(
        `Secret ${index + 1} is not \`whsec_\` and the base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes. ` +
          'Make one with `echo whsec_$(openssl rand -base64 32)`.',
      );
  }
  return secrets as unknown as WebhookSecrets;
}
