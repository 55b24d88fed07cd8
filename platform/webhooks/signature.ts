/**
 * Signing and verifying webhooks after Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over
 * `id.timestamp.body`. The package of that name computes the signature. It does not verify here, because its `verify`
 * 1. knows one secret, so that a rotation needs a loop around it;
 * 2. asks the system's clock, and reads `1700000000abc` as a time;
 * 3. turns bytes that are no UTF-8 into U+FFFD before it signs, so that different bodies have the same signature.
 */
import { isUtf8 } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { WebhookSecrets } from './secrets.ts';

/** The three headers of a delivery, as they came. */
export interface WebhookHeaders {
  id?: string | null;
  timestamp?: string | null;
  signature?: string | null;
}

/** What a delivery was found to be. */
export type Verdict = 'GENUINE' | 'MALFORMED' | 'TIMESTAMP_OUT_OF_TOLERANCE' | 'SIGNATURE_INVALID';

/** How far the sender's clock, and the way here, may be off, in seconds. */
export const TOLERANCE_SECONDS = 300;
/** A rotation needs two. */
const MOST_SIGNATURES = 10;

/** Without a full stop, which would leave open where the id ends and the time begins. */
const ID = /^[^.\s]{1,255}$/;
const TIMESTAMP = /^\d{1,12}$/;

/** The headers of a delivery, with one signature for each secret: the receiver may know any of them. */
export function signWebhook(
  secrets: WebhookSecrets,
  { id, at, body }: { id: string; at: Date; body: string },
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}

/** Whether a holder of one of the secrets sent exactly these bytes, and lately. */
export function verifyWebhook(secrets: WebhookSecrets, headers: WebhookHeaders, body: Buffer, now: Date): Verdict {
  const { id, timestamp, signature } = headers;
  if (!id || !timestamp || !signature || !ID.test(id) || !TIMESTAMP.test(timestamp) || !isUtf8(body))
    return 'MALFORMED';
  const given = signature.split(' ');
  if (given.length > MOST_SIGNATURES) return 'MALFORMED';
  const at = new Date(Number(timestamp) * 1000);
  const text = body.toString('utf8');
  const expected = secrets.map((secret) => new Webhook(secret).sign(id, at, text));
  if (!expected.some((mine) => given.some((theirs) => isSame(mine, theirs)))) return 'SIGNATURE_INVALID';
  const isTimely = Math.abs(now.getTime() - at.getTime()) <= TOLERANCE_SECONDS * 1000;
  return isTimely ? 'GENUINE' : 'TIMESTAMP_OUT_OF_TOLERANCE';
}

/** In constant time. The length of a signature is no secret. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
