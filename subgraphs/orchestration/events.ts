import { z } from 'zod';
import { agentEvents } from '../../platform/agent/registry.ts';
import { on } from '../../platform/events/handler.ts';
import { raw } from '../../platform/data/raw.ts';
import { sagaId, signalSaga } from '../../platform/sagas/enqueue.ts';

/** The registry's events: every host publishes them for its agents. */
export const emits = agentEvents;

const payment = z.object({ orderId: z.string() });

/** A payment that waited for its buyer has moved on, or was called off: the saga that waits for it is told. */
const SETTLED = ['payment.authorized', 'payment.declined', 'payment.failed', 'payment.voided'];

export const handlers = SETTLED.map((type) =>
  on(type, payment, async ({ sql }, event) => {
    const id = sagaId('placeOrder', event.payload.orderId);
    const { rows } = await raw<{ waits: boolean }>(
      sql,
      `select exists (select 1 from dbos.operation_outputs where workflow_uuid = $1 and function_name = 'announce action') as waits`,
      [id],
    );
    if (rows[0]!.waits) await signalSaga(sql, id, 'payment', { type }, event.id);
  }),
);
