/** The rows behind the types of schema.graphql: those of the platform's tables. */
import type * as outbound from '../../platform/outbound/entities.ts';

export type WebhookEndpointRow = outbound.EndpointRow;
export type WebhookEndpointConnectionRow = outbound.EndpointConnectionRow;
export type OutboundDeliveryRow = outbound.DeliveryRow;
export type OutboundDeliveryConnectionRow = outbound.DeliveryConnectionRow;
export type OutboundAttemptRow = outbound.AttemptRow;
