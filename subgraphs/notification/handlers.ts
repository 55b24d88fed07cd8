/** Handlers that put messages about orders into the inboxes of their customers, one message per event. A batch is one statement. */
import { z } from 'zod';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { json } from '../../platform/data/json.ts';
import type { LoggedEvent } from '../../platform/events/event-log.ts';
import { causeOf, type EventHandler, onAll, type SetWork } from '../../platform/consumers/handler.ts';
import { newId } from '../../platform/ids.ts';
import { isUrgent, type Notice, noticeOfOrder, noticeOfRefund, noticeOfStatus } from './domain.ts';
import type { Tables } from './entities.ts';
import { notificationRequested, orderPaymentStatusChanged, orderPlaced, orderStatusChanged } from './events.ts';
import { sentFact } from './sent-fact.ts';
import type { QuietHours } from './quiet-hours.ts';

/** The order and customer of an event. A guest has no inbox and gets a log line only. */
const about = z.looseObject({ orderId: z.string(), customerId: z.string().nullish() });

/** The notices of the events, by type. */
const NOTICES: Readonly<Record<string, (payload: unknown) => Notice | undefined>> = {
  'order.placed': (payload) => noticeOfOrder(orderPlaced.parse(payload)),
  'order.status_changed': (payload) => noticeOfStatus(orderStatusChanged.parse(payload)),
  'order.payment_status_changed': (payload) => noticeOfRefund(orderPaymentStatusChanged.parse(payload)),
};

/** The parts of the agent's context that the handlers use. */
export interface HandlingContext extends Pick<AgentContext<Tables>, 'clock' | 'log'> {
  quietHours: QuietHours;
}

/** A notice of an event, before it is a message. */
interface Due extends Notice {
  event: LoggedEvent<z.infer<typeof about>>;
  scheduledFor: Date | null;
}

/** Handlers without locks: each publishes the first and only event of a new message. */
export const notificationHandlers: EventHandler<HandlingContext>[] = onAll<
  z.infer<typeof about>,
  Tables,
  HandlingContext
>(Object.keys(NOTICES), about, async (work, events, { clock, log, quietHours }) => {
  const now = clock.now();
  const due: Due[] = [];
  for (const event of events) {
    const notice = NOTICES[event.type]!(event.payload);
    if (!notice) continue;
    const mayWait = event.payload.customerId && !isUrgent(notice.template);
    const from = mayWait ? await quietHours.until(now) : now;
    due.push({ ...notice, event, scheduledFor: from > now ? from : null });
  }
  const messages = await writeMessages(work, due, now);
  for (const { template, event, scheduledFor } of due) {
    const { orderId, customerId } = event.payload;
    const messageId = messages.get(event.id);
    // A redelivered event: its message was written, and logged, before.
    if (customerId && !messageId) continue;
    // Logged at least once, unlike the message: the batch of this event may be rolled back and read again.
    log.info(
      {
        notification: template,
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
});

/**
 * Writes the messages of customers, and sends those that are not scheduled. Returns their ids by event, without those of
 * events that were handled before.
 */
async function writeMessages(work: SetWork<Tables>, due: readonly Due[], now: Date): Promise<Map<string, string>> {
  const messages = due.flatMap(({ event, template, parameters, scheduledFor }) => {
    const { orderId, customerId } = event.payload;
    return customerId ? [{ id: newId('message'), customerId, event, orderId, template, parameters, scheduledFor }] : [];
  });
  if (messages.length === 0) return new Map();
  const made = await work.sql
    .insertInto('message')
    .values(
      messages.map(({ event, parameters, scheduledFor, ...message }) => ({
        ...message,
        eventId: event.id,
        parameters: json(parameters),
        createdAt: now,
        scheduledFor,
        delayReason: scheduledFor && ('QUIET_HOURS' as const),
      })),
    )
    .onConflict((on) => on.column('eventId').doNothing())
    .returning('id')
    .execute();
  const written = new Set(made.map(({ id }) => id));
  const news = messages.filter(({ id }) => written.has(id));
  for (const { event, scheduledFor, ...message } of news)
    if (!scheduledFor) work.publish(notificationRequested, sentFact(message), causeOf(event));
  return new Map(news.map(({ id, event }) => [event.id, id]));
}
