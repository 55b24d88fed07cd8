import { z } from 'zod';
import { defineEvent } from '../../../platform/events/define-event.ts';

export const recoveryRequested = defineEvent('identity.recovery_requested', {
  aggregate: 'recovery',
  description:
    'Somebody asked for a mail that proves who reads it. Whether there is such an account, and the token, only identity tells.',
  payload: z.object({ recoveryId: z.string(), purpose: z.enum(['VERIFY_EMAIL', 'RESET_PASSWORD']) }),
});
