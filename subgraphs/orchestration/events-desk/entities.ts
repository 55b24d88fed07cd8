import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';

export const EventActionType = {
  REDRIVE: 'REDRIVE',
  DISCARD: 'DISCARD',
  REPLAY: 'REPLAY',
  REBUILD: 'REBUILD',
} as const;
export type EventActionType = keyof typeof EventActionType;

/** Of a parked event, which the platform keeps. */
export const DeadLetterState = { WAITING: 'WAITING', DEAD: 'DEAD' } as const;
export type DeadLetterState = keyof typeof DeadLetterState;

/** Who did what about parked events and consumers, when and why. Only ever added to. */
export const EventActionSchema = defineEntity({
  name: 'EventAction',
  tableName: 'event_action',
  properties: {
    id: p.string().primary(),
    at: p.datetime(),
    by: p.string(),
    action: p.enum(() => EventActionType),
    consumer: p.string(),
    aggregateKey: p.string().nullable(),
    eventId: p.string().nullable(),
    event: p.json<unknown>().nullable(),
    fromCursor: p.string().nullable(),
    toCursor: p.string().nullable(),
    events: p.integer(),
    reason: p.string(),
  },
});
export type EventActionRow = RowOf<typeof EventActionSchema>;
