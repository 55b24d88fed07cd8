import { defineEntity, p } from '@mikro-orm/core';

/** The outcome of a mail; null while it is to be sent. */
export const MailOutcome = { SENT: 'SENT', DROPPED: 'DROPPED' } as const;

export const MailSchema = defineEntity({
  name: 'Mail',
  tableName: 'mail',
  properties: {
    id: p.string().primary(),
    eventId: p.uuid(),
    recoveryId: p.string(),
    createdAt: p.datetime(),
    nextAt: p.datetime().nullable(),
    attempts: p.integer().default(0),
    outcome: p.enum(() => MailOutcome).nullable(),
  },
});
