/** Handlers that put messages about orders into the inboxes of their customers, one message per event. */
import type { z } from 'zod';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { json } from '../../platform/data/json.ts';
import type { Work } from '../../platform/store/store.ts';
import type { LoggedEvent } from '../../platform/events/event-log.ts';
import { type EventHandler, handlersFor } from '../../platform/consumers/handler.ts';
import { newId } from '../../platform/ids.ts';
import { isUrgent, type Notice, noticeOfOrder, noticeOfRefund, noticeOfStatus } from './domain.ts';
import type { Tables } from './entities.ts';
import { orderPaymentStatusChanged, orderPlaced, orderStatusChanged } from './events.ts';
import { publishSent } from './publish-sent.ts';
import type { QuietHours } from './quiet-hours.ts';

/** The order and customer of an event. */
interface About {
  orderId: string;
  /** Absent for a guest, who has no inbox and gets a log line only. */
  customerId?: string | null;
}

/** The parts of the agent's context that the handlers use. */
export interface HandlingContext extends Pick<AgentContext<Tables>, 'clock' | 'log'> {
  quietHours: QuietHours;
}

async function notify(
  work: Work<Tables>,
  event: LoggedEvent<About>,
  { clock, log, quietHours }: HandlingContext,
  notice: Notice | undefined,
): Promise<void> {
  if (!notice) return;
  const { orderId, customerId } = event.payload;
  const now = clock.now();
  const mayWait = customerId && !isUrgent(notice.template);
  const from = mayWait ? await quietHours.until(now) : now;
  const scheduledFor = from > now ? from : null;
  const messageId = customerId
    ? await writeMessage(work, event.id, { orderId, customerId, now, scheduledFor }, notice)
    : undefined;
  // A redelivered event: its message was written, and logged, before.
  if (customerId && !messageId) return;
  // Logged at least once, unlike the message: the batch of this event may be rolled back and read again.
  log.info(
    {
      notification: notice.template,
      messageId,
      orderId,
      customerId,
      scheduledFor: scheduledFor ?? undefined,
      event: event.id,
      correlationId: event.correlationId,
    },
    scheduledFor ? 'notification scheduled' : 'notified',
  );
}

const on = handlersFor<Tables, HandlingContext>();

/** A handler that sends the notice of an event, if it has one. */
const telling = <Payload extends About>(
  type: string,
  reads: z.ZodType<Payload>,
  noticeOf: (payload: Payload) => Notice | undefined,
): EventHandler<HandlingContext> =>
  on(type, reads, (work, event, context) => notify(work, event, context, noticeOf(event.payload)));

/** Handlers without locks: each publishes the first and only event of a new message. */
export const notificationHandlers: EventHandler<HandlingContext>[] = [
  telling('order.placed', orderPlaced, noticeOfOrder),
  telling('order.status_changed', orderStatusChanged, noticeOfStatus),
  telling('order.payment_status_changed', orderPaymentStatusChanged, noticeOfRefund),
];

/** Writes a message, and sends it unless it is scheduled. Returns nothing if the event was handled before. */
async function writeMessage(
  work: Work<Tables>,
  eventId: string,
  about: { orderId: string; customerId: string; now: Date; scheduledFor: Date | null },
  { template, parameters }: Notice,
): Promise<string | undefined> {
  const { orderId, customerId, now, scheduledFor } = about;
  const id = newId('message');
  const made = await work.sql
    .insertInto('message')
    .values({
      id,
      customerId,
      eventId,
      orderId,
      template,
      parameters: json(parameters),
      createdAt: now,
      scheduledFor,
      delayReason: scheduledFor && 'QUIET_HOURS',
    })
    .onConflict((on) => on.column('eventId').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!made) return undefined;
  if (!scheduledFor) publishSent(work, { id, customerId, orderId, template });
  return id;
}
