import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';

export const LocationKind = { WAREHOUSE: 'WAREHOUSE', STORE: 'STORE' } as const;
export type LocationKind = keyof typeof LocationKind;

export const StockChangeType = {
  INBOUND: 'INBOUND',
  OUTBOUND: 'OUTBOUND',
  ADJUSTMENT: 'ADJUSTMENT',
  TRANSFER: 'TRANSFER',
  RETURN: 'RETURN',
} as const;
export type StockChangeType = keyof typeof StockChangeType;

export const ReservationStatus = { ACTIVE: 'ACTIVE', RELEASED: 'RELEASED', EXPIRED: 'EXPIRED' } as const;
export type ReservationStatus = keyof typeof ReservationStatus;

export const LocationSchema = defineEntity({
  name: 'Location',
  tableName: 'location',
  properties: {
    id: p.string().primary(),
    code: p.string(),
    name: p.string(),
    kind: p.enum(() => LocationKind),
    city: p.string(),
    country: p.string(),
    priority: p.integer(),
    active: p.boolean().default(true),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
  },
});

export const StockLevelSchema = defineEntity({
  name: 'StockLevel',
  tableName: 'stock_level',
  properties: {
    variantId: p.string().primary(),
    locationId: p.string().primary(),
    productId: p.string(),
    merchantId: p.string(),
    onHand: p.integer().default(0),
    reserved: p.integer().default(0),
    version: p.integer().version().default(1),
    updatedAt: p.datetime(),
  },
});

export const MovementSchema = defineEntity({
  name: 'Movement',
  tableName: 'movement',
  properties: {
    id: p.string().primary(),
    variantId: p.string(),
    locationId: p.string(),
    merchantId: p.string(),
    delta: p.integer(),
    type: p.enum(() => StockChangeType),
    reason: p.string().nullable(),
    referenceId: p.string().nullable(),
    actorId: p.string(),
    createdAt: p.datetime(),
  },
});

export const ReservationSchema = defineEntity({
  name: 'Reservation',
  tableName: 'reservation',
  properties: {
    id: p.string().primary(),
    reference: p.string(),
    status: p.enum(() => ReservationStatus),
    expiresAt: p.datetime().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    closedAt: p.datetime().nullable(),
    decisionId: p.string().nullable(),
  },
});

export const ReservationLineSchema = defineEntity({
  name: 'ReservationLine',
  tableName: 'reservation_line',
  properties: {
    reservationId: p.string().primary(),
    variantId: p.string().primary(),
    locationId: p.string().primary(),
    quantity: p.integer(),
  },
});

export const entities = [LocationSchema, StockLevelSchema, MovementSchema, ReservationSchema, ReservationLineSchema];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type LocationRow = RowOf<typeof LocationSchema>;
export type StockLevelRow = RowOf<typeof StockLevelSchema>;
export type MovementRow = RowOf<typeof MovementSchema>;
export type ReservationRow = RowOf<typeof ReservationSchema>;
export type ReservationLineRow = RowOf<typeof ReservationLineSchema>;
