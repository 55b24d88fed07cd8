import { z } from 'zod';
import { defineEvent } from '../../../platform/events/define-event.ts';

/** The reason is for the audit only, since it is free text. */
export const sagaActionRequested = defineEvent('saga.action_requested', {
  aggregate: 'saga',
  description:
    'An operator asked for a failing step of a saga to be tried now or skipped, or for the saga to be undone.',
  payload: z.object({
    sagaId: z.string(),
    step: z.string(),
    action: z.enum(['RETRY', 'SKIP', 'COMPENSATE']),
    by: z.string(),
  }),
});
