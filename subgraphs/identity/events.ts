import { z } from 'zod';
import { defineEvent } from '../../platform/events/define-event.ts';
import { apiKeyCreated, apiKeyPreviousSecretRevoked, apiKeyRevoked, apiKeyRotated } from './api-keys/events.ts';
import { recoveryRequested } from './recovery/events.ts';
import { RevocationReason } from './entities.ts';

export const userRegistered = defineEvent('identity.user_registered', {
  aggregate: 'user',
  description: 'A user signed up.',
  payload: z.object({ userId: z.string() }),
});

export const rolesChanged = defineEvent('identity.roles_changed', {
  aggregate: 'user',
  description: 'An administrator changed the roles of a user.',
  payload: z.object({ userId: z.string() }),
});

export const sessionStarted = defineEvent('identity.session_started', {
  aggregate: 'session',
  description: 'A user signed up or in.',
  payload: z.object({ sessionId: z.string(), userId: z.string(), reason: z.enum(['SIGNED_UP', 'SIGNED_IN']) }),
});

export const sessionRevoked = defineEvent('identity.session_revoked', {
  aggregate: 'session',
  description: 'A session was ended before its time: its tokens are no longer good.',
  payload: z.object({
    sessionId: z.string(),
    userId: z.string(),
    reason: z.enum(RevocationReason),
  }),
});

export const emits = [
  userRegistered,
  rolesChanged,
  sessionStarted,
  sessionRevoked,
  apiKeyCreated,
  apiKeyRotated,
  apiKeyPreviousSecretRevoked,
  apiKeyRevoked,
  recoveryRequested,
];
