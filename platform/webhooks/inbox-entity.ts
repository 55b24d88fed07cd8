import { defineEntity, p } from '@mikro-orm/core';
import type { TablesOf } from '../data/entity-table.ts';

/** Status of a delivery: to be handled, handled, or given up until an operator redrives it. */
export const WebhookStatus = { WAITING: 'WAITING', HANDLED: 'HANDLED', FAILED: 'FAILED' } as const;
/** A status of a delivery. */
export type WebhookStatus = keyof typeof WebhookStatus;

/** A delivery in the inbox of an agent (inbox.sql). */
export const WebhookDeliverySchema = defineEntity({
  name: 'WebhookDelivery',
  tableName: 'webhook_delivery',
  properties: {
    id: p.string().primary(),
    endpoint: p.string(),
    webhookId: p.string(),
    receivedAt: p.datetime(),
    status: p.enum(() => WebhookStatus),
    attempts: p.integer().default(0),
    nextAt: p.datetime(),
    handledAt: p.datetime().nullable(),
    error: p.string().nullable(),
    /** Sealed for the delivery's id. */
    body: p.text().nullable(),
  },
});

/** The inbox, for Kysely. */
export type InboxTables = TablesOf<typeof WebhookDeliverySchema>;
