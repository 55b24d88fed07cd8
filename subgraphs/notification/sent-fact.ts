import type { NewEvent } from '../../platform/events/define-event.ts';
import { wordsOf } from './domain.ts';
import type { MessageRow } from './entities.ts';
import type { NotificationRequested } from './events.ts';

/** The first and only event of a message, published with the transaction that puts it into the inbox. */
export function sentFact({
  id,
  customerId,
  orderId,
  template,
}: Pick<MessageRow, 'id' | 'customerId' | 'orderId' | 'template'>): NewEvent<NotificationRequested> {
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
  return { aggregateId: id, aggregateVersion: 1, payload };
}
