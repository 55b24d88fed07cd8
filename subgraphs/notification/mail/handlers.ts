import type { z } from 'zod';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { type EventHandler, on } from '../../../platform/consumers/handler.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { recoveryRequested } from '../events.ts';

/** Notes that a mail is to be sent, once for an event. Sending is not for a transaction. */
export const mailHandlers: EventHandler<Pick<AgentContext<Tables>, 'clock'>>[] = [
  on<z.infer<typeof recoveryRequested>, Tables, Pick<AgentContext<Tables>, 'clock'>>(
    'identity.recovery_requested',
    recoveryRequested,
    async ({ sql }, event, { clock }) => {
      const now = clock.now();
      const mail = { id: newId('mail'), event_id: event.id, recovery_id: event.payload.recoveryId, created_at: now };
      await sql
        .insertInto('mail')
        .values({ ...mail, next_at: now, attempts: 0, outcome: null })
        .onConflict((conflict) => conflict.column('event_id').doNothing())
        .execute();
    },
  ),
];
