import { z } from 'zod';
import { defineEvent } from '../../../platform/events/define-event.ts';

const payload = z.object({ apiKeyId: z.string(), userId: z.string() });

export const apiKeyCreated = defineEvent('identity.api_key_created', {
  aggregate: 'apikey',
  description: 'A user made an API key.',
  payload,
});

export const apiKeyRevoked = defineEvent('identity.api_key_revoked', {
  aggregate: 'apikey',
  description: 'An API key was revoked: it is no longer good.',
  payload,
});
