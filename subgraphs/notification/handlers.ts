/** Handlers that put messages about orders into the inboxes of their customers, one message per event. */
import type { z } from 'zod';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { json } from '../../platform/data/json.ts';
import type { Work } from '../../platform/store/store.ts';
import type { LoggedEvent } from '../../platform/events/event-log.ts';
import { type EventHandler, handlersFor } from '../../platform/consumers/handler.ts';
import { newId } from '../../platform/ids.ts';
import { type Notice, noticeOfOrder, noticeOfRefund, noticeOfStatus, wordsOf } from './domain.ts';
import type { Tables } from './entities.ts';
import { notificationRequested, orderPaymentStatusChanged, orderPlaced, orderStatusChanged } from './events.ts';

/** The order and customer of an event. */
interface About {
  orderId: string;
  /** Absent for a guest, who has no inbox and gets a log line only. */
  customerId?: string | null;
}

/** The parts of the agent's context that the handlers use. */
export type HandlingContext = Pick<AgentContext<Tables>, 'clock' | 'log'>;

async function notify(
  work: Work<Tables>,
  event: LoggedEvent<About>,
  { clock, log }: HandlingContext,
  notice: Notice | undefined,
): Promise<void> {
  if (!notice) return;
  const { orderId, customerId } = event.payload;
  const messageId = customerId ? await send(work, event.id, { orderId, customerId }, notice, clock.now()) : undefined;
  // A redelivered event: its message was written, and logged, before.
  if (customerId && !messageId) return;
  // Logged at least once, unlike the message: the batch of this event may be rolled back and read again.
  log.info(
    {
      notification: notice.template,
      messageId,
      orderId,
      customerId,
      event: event.id,
      correlationId: event.correlationId,
    },
    'notified',
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

/** Puts a message into the inbox and publishes it. Returns nothing if the event was handled before. */
async function send(
  { sql, publish }: Work<Tables>,
  eventId: string,
  about: { orderId: string; customerId: string },
  notice: Notice,
  now: Date,
): Promise<string | undefined> {
  const { orderId, customerId } = about;
  const { template, parameters } = notice;
  const id = newId('message');
  const made = await sql
    .insertInto('message')
    .values({
      id,
      customerId,
      eventId,
      orderId,
      template,
      parameters: json(parameters),
      createdAt: now,
    })
    .onConflict((on) => on.column('eventId').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!made) return undefined;
  const { subject, text } = wordsOf(template);
  const payload = {
    customerId,
    notificationType: template,
    channel: 'in_app',
    subject,
    message: text,
    referenceId: orderId,
    messageId: id,
  } as const;
  publish(notificationRequested, { aggregateId: id, aggregateVersion: 1, payload });
  return id;
}
