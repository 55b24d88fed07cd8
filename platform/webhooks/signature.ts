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

/** The three headers of a delivery. */
export interface WebhookHeaders {
  id?: string | null;
  timestamp?: string | null;
  signature?: string | null;
}

/** Result of the verification of a delivery. */
export type Verdict = 'GENUINE' | 'MALFORMED' | 'TIMESTAMP_OUT_OF_TOLERANCE' | 'SIGNATURE_INVALID';

/** Tolerance for clock skew and delay, in seconds. */
export const TOLERANCE_SECONDS = 300;
/** Limit of signatures in a header; a rotation needs two. */
const MOST_SIGNATURES = 10;

/** An id has no full stop, which separates it from the time. */
const ID = /^[^.\s]{1,255}$/;
const TIMESTAMP = /^\d{1,12}$/;

/** Creates the headers of a delivery, with one signature for each secret, since the receiver may know any of them. */
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

/** Verifies that a holder of one of the secrets sent exactly these bytes, within the tolerance. */
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

/** Compares signatures in constant time. Their length is no secret. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
