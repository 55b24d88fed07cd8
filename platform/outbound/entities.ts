/** The tables of outbound webhooks (outbound.sql). */
import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../data/entity-table.ts';
import type { Connection } from '../graphql/connection.ts';

/** Whether an endpoint receives webhooks. A deleted one is gone for every reader. */
export const EndpointStatus = { ENABLED: 'ENABLED', DISABLED: 'DISABLED', DELETED: 'DELETED' } as const;

/** Why an endpoint is disabled: by a user, by its answer 410, or because nothing succeeded for days. */
export const DisabledReason = { BY_USER: 'BY_USER', GONE: 'GONE', FAILING: 'FAILING' } as const;
/** A reason of an endpoint that is disabled. */
export type DisabledReason = keyof typeof DisabledReason;

/** Status of a delivery: to be sent, accepted by its receiver, or given up until it is sent again by hand. */
export const DeliveryStatus = { WAITING: 'WAITING', DELIVERED: 'DELIVERED', FAILED: 'FAILED' } as const;
/** A status of a delivery. */
export type DeliveryStatus = keyof typeof DeliveryStatus;

/** A receiver of webhooks. */
export const OutboundEndpointSchema = defineEntity({
  name: 'WebhookEndpoint',
  tableName: 'outbound_endpoint',
  properties: {
    id: p.string().primary(),
    /** Null for an endpoint of the house, which receives everybody's events. */
    merchantId: p.string().nullable(),
    url: p.string(),
    description: p.string(),
    eventTypes: p.array(),
    /** Sealed for the endpoint's id, as the previous one. */
    secret: p.string(),
    previousSecret: p.string().nullable(),
    previousUntil: p.datetime().nullable(),
    status: p.enum(() => EndpointStatus),
    disabledReason: p.enum(() => DisabledReason).nullable(),
    disabledAt: p.datetime().nullable(),
    failures: p.integer().default(0),
    failingSince: p.datetime().nullable(),
    resumesAt: p.datetime().nullable(),
    /** Resume token of the event log (platform/events/cursor.ts). */
    replayAfter: p.string().nullable(),
    createdAt: p.datetime(),
    version: p.integer().version().default(1),
  },
});

/** A webhook for one endpoint. */
export const OutboundDeliverySchema = defineEntity({
  name: 'OutboundDelivery',
  tableName: 'outbound_delivery',
  properties: {
    id: p.string().primary(),
    endpointId: p.string(),
    place: p.bigint('bigint').autoincrement(),
    webhookId: p.string(),
    eventType: p.string(),
    aggregateId: p.string(),
    eventXid: p.bigint('bigint').nullable(),
    eventPosition: p.bigint('bigint').nullable(),
    body: p.text(),
    status: p.enum(() => DeliveryStatus),
    attempts: p.integer().default(0),
    recordedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
});

/** An attempt to deliver. */
export const OutboundAttemptSchema = defineEntity({
  name: 'OutboundAttempt',
  tableName: 'outbound_attempt',
  properties: {
    deliveryId: p.string().primary(),
    number: p.integer().primary(),
    at: p.datetime(),
    durationMs: p.integer(),
    statusCode: p.integer().nullable(),
    error: p.string().nullable(),
    answer: p.string().nullable(),
  },
});

/** An endpoint's waiting deliveries of one aggregate. */
export const OutboundLaneSchema = defineEntity({
  name: 'OutboundLane',
  tableName: 'outbound_lane',
  properties: {
    endpointId: p.string().primary(),
    aggregateId: p.string().primary(),
    dueAt: p.datetime(),
    claim: p.string().nullable(),
  },
});

/** All entities of outbound webhooks. */
export const outboundEntities = [
  OutboundEndpointSchema,
  OutboundDeliverySchema,
  OutboundAttemptSchema,
  OutboundLaneSchema,
];

/** The tables, for Kysely. */
export type OutboundTables = TablesOf<(typeof outboundEntities)[number]>;
/** An endpoint as it is read. */
export type EndpointRow = RowOf<typeof OutboundEndpointSchema>;
/** A delivery as it is read. */
export type DeliveryRow = RowOf<typeof OutboundDeliverySchema>;
/** An attempt as it is read. */
export type AttemptRow = RowOf<typeof OutboundAttemptSchema>;
/** A page of endpoints. */
export type EndpointConnectionRow = Connection<EndpointRow>;
/** A page of deliveries. */
export type DeliveryConnectionRow = Connection<DeliveryRow>;
