import { z } from 'zod';
import { agentsInstructed, breakerReset } from '../../platform/agent/agent-events.ts';
import { agentEvents } from '../../platform/agent/registry.ts';
import { on } from '../../platform/consumers/handler.ts';
import { raw } from '../../platform/data/raw.ts';
import { sagaId, signalSaga } from '../../platform/sagas/enqueue.ts';
import { PAYMENT_TOPIC } from './sagas/place-order.ts';
import { sagaActionRequested } from './steering/events.ts';

/** The registry's events, which every host publishes for its agents, and operators' actions on sagas. */
export const emits = [...agentEvents, breakerReset, agentsInstructed, sagaActionRequested];

const payment = z.object({ orderId: z.string(), paymentId: z.string() });

/** Events that end the wait for a buyer: the saga that waits gets a signal. */
const SETTLED = ['payment.authorized', 'payment.declined', 'payment.failed', 'payment.voided'];

export const handlers = SETTLED.map((type) =>
  on(type, payment, async ({ sql }, event) => {
    const id = sagaId('placeOrder', event.payload.orderId);
    const { rows } = await raw<{ waits: boolean }>(
      sql,
      // Checks payment's event, not the saga's checkpoint: the buyer may confirm before the step is saved.
      `select exists (select 1 from dbos.workflow_status where workflow_uuid = $1 and status in ('ENQUEUED', 'DELAYED', 'PENDING'))
          and exists (select 1 from platform.event_log where aggregate_id = $2 and type = 'payment.action_required') as waits`,
      [id, event.payload.paymentId],
    );
    if (rows[0]!.waits) await signalSaga(sql, id, PAYMENT_TOPIC, { type }, event.id);
  }),
);
