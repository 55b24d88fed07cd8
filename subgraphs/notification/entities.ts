import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { MailSchema } from './mail/entities.ts';

export const MessageType = {
  ORDER_PLACED: 'ORDER_PLACED',
  ORDER_CONFIRMED: 'ORDER_CONFIRMED',
  ORDER_ON_HOLD: 'ORDER_ON_HOLD',
  ORDER_PARTIALLY_SHIPPED: 'ORDER_PARTIALLY_SHIPPED',
  ORDER_SHIPPED: 'ORDER_SHIPPED',
  ORDER_DELIVERED: 'ORDER_DELIVERED',
  ORDER_CANCELLED: 'ORDER_CANCELLED',
  ORDER_RETURNED: 'ORDER_RETURNED',
  PAYMENT_REFUNDED: 'PAYMENT_REFUNDED',
  ORDER_REFUNDED: 'ORDER_REFUNDED',
} as const;
export type MessageType = keyof typeof MessageType;

/** Why a message was not sent at once. */
export const MessageDelayReason = { QUIET_HOURS: 'QUIET_HOURS' } as const;
export type MessageDelayReason = keyof typeof MessageDelayReason;

/** The parameters of a message's template, with their values. */
export type Parameters = Readonly<Record<string, string>>;

export const MessageSchema = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    id: p.string().primary(),
    customerId: p.string(),
    eventId: p.uuid(),
    orderId: p.string(),
    template: p.string().$type<MessageType>(),
    parameters: p.json<Parameters>(),
    createdAt: p.datetime(),
    readAt: p.datetime().nullable(),
    scheduledFor: p.datetime().nullable(),
    delayReason: p.enum(() => MessageDelayReason).nullable(),
  },
});

export const entities = [MessageSchema, MailSchema];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type MessageRow = RowOf<typeof MessageSchema>;
