import { z } from 'zod';
import { defineEvent } from '../events/define-event.ts';

/** An error that a person should look at. Its texts are ours, never a foreign error's, which may hold anything. */
export const agentErrorDetected = defineEvent('agent.error_detected', {
  seed: 'ERROR_DETECTED',
  aggregate: 'error',
  description: 'Something went wrong with what an agent does that does not mend itself: somebody should look at it.',
  payload: z.object({
    errorId: z.string(),
    agentId: z.string(),
    /** The code of the error. */
    errorType: z.string(),
    errorMessage: z.string(),
    severity: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
    /** Ids and figures that lead to it. */
    context: z.record(z.string(), z.string()),
    /** RFC 3339. */
    timestamp: z.string(),
  }),
});
