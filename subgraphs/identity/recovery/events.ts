import { z } from 'zod';
import { defineEvent } from '../../../platform/events/define-event.ts';

export const recoveryRequested = defineEvent('identity.recovery_requested', {
  aggregate: 'recovery',
  description: 'A recovery mail was requested. Only identity knows the token, and whether there is such an account.',
  payload: z.object({ recoveryId: z.string(), purpose: z.enum(['VERIFY_EMAIL', 'RESET_PASSWORD']) }),
});
