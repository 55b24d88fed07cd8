import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf } from '../../../platform/data/entity-table.ts';

export const EventActionType = {
  REDRIVE: 'REDRIVE',
  DISCARD: 'DISCARD',
  REPLAY: 'REPLAY',
  REBUILD: 'REBUILD',
  CANCEL_REBUILD: 'CANCEL_REBUILD',
} as const;
export type EventActionType = keyof typeof EventActionType;

/** The state of a parked event in the platform's table. */
export const DeadLetterState = { WAITING: 'WAITING', DEAD: 'DEAD' } as const;
export type DeadLetterState = keyof typeof DeadLetterState;

/** The append-only audit of operators' actions on parked events and consumers. */
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
