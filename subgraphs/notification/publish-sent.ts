import type { Work } from '../../platform/store/store.ts';
import { wordsOf } from './domain.ts';
import type { MessageRow, Tables } from './entities.ts';
import { notificationRequested } from './events.ts';

/** Publishes the first and only event of a message, with the transaction that puts it into the inbox. */
export function publishSent(
  { publish }: Work<Tables>,
  { id, customerId, orderId, template }: Pick<MessageRow, 'id' | 'customerId' | 'orderId' | 'template'>,
): void {
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
}
