import { z } from 'zod';
import { defineEvent } from '../../../platform/events/define-event.ts';

const payload = z.object({ apiKeyId: z.string(), userId: z.string() });

export const apiKeyCreated = defineEvent('identity.api_key_created', {
  aggregate: 'apikey',
  description: 'A user made an API key.',
  payload,
});

export const apiKeyRotated = defineEvent('identity.api_key_rotated', {
  aggregate: 'apikey',
  description: 'An API key got a new secret; the one before is good for an overlap.',
  payload: payload.extend({ previousExpiresAt: z.iso.datetime() }),
});

export const apiKeyPreviousSecretRevoked = defineEvent('identity.api_key_previous_secret_revoked', {
  aggregate: 'apikey',
  description: 'The previous secret of a rotated API key was revoked before its overlap was over.',
  payload,
});

export const apiKeyRevoked = defineEvent('identity.api_key_revoked', {
  aggregate: 'apikey',
  description: 'An API key was revoked: it is no longer good.',
  payload,
});
