import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { type EventHandler, handlersFor } from '../../../platform/consumers/handler.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { recoveryRequested } from '../events.ts';

/** The dependencies of the handlers. */
type HandlingContext = Pick<AgentContext<Tables>, 'clock'>;

const on = handlersFor<Tables, HandlingContext>();

/** Handlers that store a mail to be sent, once per event. It is sent by a scheduled job, outside the transaction. */
export const mailHandlers: EventHandler<HandlingContext>[] = [
  on('identity.recovery_requested', recoveryRequested, async ({ sql }, event, { clock }) => {
    const now = clock.now();
    const { recoveryId } = event.payload;
    await sql
      .insertInto('mail')
      .values({ id: newId('mail'), eventId: event.id, recoveryId, createdAt: now, nextAt: now })
      .onConflict((conflict) => conflict.column('eventId').doNothing())
      .execute();
  }),
];
