import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { simulatorEntities } from './provider/simulator-entities.ts';

export const PaymentStatus = {
  CREATED: 'CREATED',
  REQUIRES_ACTION: 'REQUIRES_ACTION',
  AUTHORIZED: 'AUTHORIZED',
  CAPTURED: 'CAPTURED',
  VOIDED: 'VOIDED',
  REFUNDED: 'REFUNDED',
  PARTIALLY_REFUNDED: 'PARTIALLY_REFUNDED',
  FAILED: 'FAILED',
} as const;
export type PaymentStatus = keyof typeof PaymentStatus;

export const Pending = { AUTHORISE: 'AUTHORISE', CAPTURE: 'CAPTURE', CANCEL: 'CANCEL' } as const;
export type Pending = keyof typeof Pending;

export const RefundStatus = { PENDING: 'PENDING', DONE: 'DONE', REFUSED: 'REFUSED' } as const;
export type RefundStatus = keyof typeof RefundStatus;

export const PaymentSchema = defineEntity({
  name: 'Payment',
  tableName: 'payment',
  properties: {
    id: p.string().primary(),
    orderId: p.string(),
    customerId: p.string().nullable(),
    amountMinor: p.bigint('bigint'),
    currency: p.string(),
    status: p.enum(() => PaymentStatus),
    pending: p.enum(() => Pending).nullable(),
    /** Whether the provider was asked to capture it in the call that authorises it. */
    capturesAtOnce: p.boolean().default(false),
    authorisedAt: p.datetime().nullable(),
    capturedMinor: p.bigint('bigint').default(0),
    refundedMinor: p.bigint('bigint').default(0),
    actionUrl: p.string().nullable(),
    actionExpiresAt: p.datetime().nullable(),
    failureCode: p.string().nullable(),
    failure: p.string().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const RefundSchema = defineEntity({
  name: 'Refund',
  tableName: 'refund',
  properties: {
    id: p.string().primary(),
    paymentId: p.string(),
    amountMinor: p.bigint('bigint'),
    reason: p.string(),
    status: p.enum(() => RefundStatus),
    createdAt: p.datetime(),
    number: p.string().nullable(),
    issuedAt: p.datetime().nullable(),
  },
});

export const CancelledOrderSchema = defineEntity({
  name: 'CancelledOrder',
  tableName: 'cancelled_order',
  properties: { orderId: p.string().primary(), cancelledAt: p.datetime() },
});

const ours = [PaymentSchema, RefundSchema, CancelledOrderSchema];
/**
 * The room's entities. The simulator's are among them because its books lie in this schema; the simulator alone reads
 * them.
 */
export const entities = [...ours, ...simulatorEntities];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof ours)[number]>;
export type PaymentRow = RowOf<typeof PaymentSchema>;
export type RefundRow = RowOf<typeof RefundSchema>;
