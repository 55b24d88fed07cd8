/** The secrets of endpoints: made here, sealed at rest, two of them during a rotation. */
import { randomBytes } from 'node:crypto';
import { refuse } from '../errors.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { WebhookSecrets } from '../webhooks/secrets.ts';
import type { EndpointRow } from './entities.ts';

/** Bytes of a secret, of the 24 to 64 that Standard Webhooks allows. */
const BYTES = 32;

/** A new secret. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(BYTES).toString('base64')}`;

/** The context in which an endpoint's secrets are sealed. */
export const sealedFor = (endpointId: string): string => `outbound:${endpointId}`;

/**
 * The secrets that sign now, the newest first. A previous one that does not open is left out: it is why the endpoint has a
 * new one. @throws Fault SECRET_UNREADABLE
 */
export function signingSecrets(
  {
    id,
    secret,
    previousSecret,
    previousUntil,
  }: Pick<EndpointRow, 'id' | 'secret' | 'previousSecret' | 'previousUntil'>,
  secrets: Pick<Secrets, 'open'>,
  now: Date,
): WebhookSecrets {
  const open = (sealed: string): string => secrets.open(sealed, sealedFor(id));
  const isPrevious = previousSecret !== null && previousUntil !== null && previousUntil > now;
  const newest = open(secret);
  try {
    return isPrevious ? [newest, open(previousSecret)] : [newest];
  } catch {
    return [newest];
  }
}

/** The longest overlap of two secrets, in hours. */
export const MAX_OVERLAP_HOURS = 168;

/** The end of a rotation's overlap. @throws Refusal INVALID_INPUT */
export function overlapEnd(hours: number, now: Date): Date {
  if (!Number.isInteger(hours) || hours < 0 || hours > MAX_OVERLAP_HOURS)
    throw refuse('INVALID_INPUT', `The overlap is 0 to ${MAX_OVERLAP_HOURS} hours.`, ['input', 'overlapHours']);
  return new Date(now.getTime() + hours * 3_600_000);
}
