import { defineEntity, p } from '@mikro-orm/core';

/** Who did what about parked events and consumers, when and why. Only ever added to. */
export const EventActionSchema = defineEntity({
  name: 'EventAction',
  tableName: 'event_action',
  properties: {
    id: p.string().primary(),
    at: p.datetime(),
    by: p.string(),
    action: p.string(),
    consumer: p.string(),
    aggregateKey: p.string().nullable(),
    eventId: p.string().nullable(),
    event: p.json().nullable(),
    fromCursor: p.string().nullable(),
    toCursor: p.string().nullable(),
    events: p.integer(),
    reason: p.string(),
  },
});
