import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';

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

const PaymentSchema = defineEntity({
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
    authorisedAt: p.datetime().nullable(),
    capturedMinor: p.bigint('bigint'),
    refundedMinor: p.bigint('bigint'),
    actionUrl: p.string().nullable(),
    actionExpiresAt: p.datetime().nullable(),
    failureCode: p.string().nullable(),
    failure: p.string().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

const RefundSchema = defineEntity({
  name: 'Refund',
  tableName: 'refund',
  properties: {
    id: p.string().primary(),
    paymentId: p.string(),
    amountMinor: p.bigint('bigint'),
    reason: p.string(),
    status: p.enum(() => RefundStatus),
    createdAt: p.datetime(),
  },
});

const CancelledOrderSchema = defineEntity({
  name: 'CancelledOrder',
  tableName: 'cancelled_order',
  properties: { orderId: p.string().primary(), cancelledAt: p.datetime() },
});

export class Payment extends PaymentSchema.class {}
PaymentSchema.setClass(Payment);
export class Refund extends RefundSchema.class {}
RefundSchema.setClass(Refund);
export class CancelledOrder extends CancelledOrderSchema.class {}
CancelledOrderSchema.setClass(CancelledOrder);

export const entities = [PaymentSchema, RefundSchema, CancelledOrderSchema];
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
