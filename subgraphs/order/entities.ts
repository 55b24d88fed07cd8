import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import type { Address } from '../../platform/graphql/address.ts';

export const OrderStatus = {
  PENDING: 'PENDING',
  ON_HOLD: 'ON_HOLD',
  CONFIRMED: 'CONFIRMED',
  PROCESSING: 'PROCESSING',
  PARTIALLY_SHIPPED: 'PARTIALLY_SHIPPED',
  SHIPPED: 'SHIPPED',
  DELIVERED: 'DELIVERED',
  CANCELLED: 'CANCELLED',
  RETURNED: 'RETURNED',
  REFUNDED: 'REFUNDED',
} as const;
export type OrderStatus = keyof typeof OrderStatus;

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

export const FulfilmentStatus = {
  UNFULFILLED: 'UNFULFILLED',
  PARTIALLY_FULFILLED: 'PARTIALLY_FULFILLED',
  FULFILLED: 'FULFILLED',
  RETURNED: 'RETURNED',
} as const;
export type FulfilmentStatus = keyof typeof FulfilmentStatus;

export const CancellationReason = {
  INSUFFICIENT_STOCK: 'INSUFFICIENT_STOCK',
  PAYMENT_DECLINED: 'PAYMENT_DECLINED',
  PAYMENT_FAILED: 'PAYMENT_FAILED',
  PAYMENT_EXPIRED: 'PAYMENT_EXPIRED',
  FRAUD: 'FRAUD',
  CUSTOMER_REQUEST: 'CUSTOMER_REQUEST',
  MERCHANT_REQUEST: 'MERCHANT_REQUEST',
  OTHER: 'OTHER',
} as const;
export type CancellationReason = keyof typeof CancellationReason;

export const TimelineEntryType = {
  PLACED: 'PLACED',
  STOCK_RESERVED: 'STOCK_RESERVED',
  STOCK_REFUSED: 'STOCK_REFUSED',
  STOCK_RELEASED: 'STOCK_RELEASED',
  PAYMENT_ACTION_REQUIRED: 'PAYMENT_ACTION_REQUIRED',
  PAYMENT_AUTHORIZED: 'PAYMENT_AUTHORIZED',
  PAYMENT_REFUSED: 'PAYMENT_REFUSED',
  PAYMENT_CAPTURED: 'PAYMENT_CAPTURED',
  PAYMENT_VOIDED: 'PAYMENT_VOIDED',
  PAYMENT_REFUNDED: 'PAYMENT_REFUNDED',
  CONFIRMED: 'CONFIRMED',
  PROCESSING: 'PROCESSING',
  CANCELLATION_REQUESTED: 'CANCELLATION_REQUESTED',
  CANCELLED: 'CANCELLED',
  PARTIALLY_SHIPPED: 'PARTIALLY_SHIPPED',
  SHIPPED: 'SHIPPED',
  DELIVERED: 'DELIVERED',
  RETURNED: 'RETURNED',
  REFUNDED: 'REFUNDED',
} as const;
export type TimelineEntryType = keyof typeof TimelineEntryType;

export const TaxRounding = { LINE: 'LINE', RATE: 'RATE' } as const;
export type TaxRounding = keyof typeof TaxRounding;

/** The tax of an order at one rate, and the reason; amounts are minor units in digits. */
export interface OrderTax {
  /** A fraction: `0.19`. */
  rate: string;
  taxable: string;
  tax: string;
  territory: string | null;
  /** The day whose rates apply. */
  day: string;
  rounding: TaxRounding;
  reason: string;
}

export const OrderSchema = defineEntity({
  name: 'Order',
  tableName: 'orders',
  properties: {
    id: p.string().primary(),
    number: p.string(),
    customerId: p.string().nullable(),
    channelId: p.string(),
    currency: p.string(),
    status: p.enum(() => OrderStatus),
    paymentStatus: p.enum(() => PaymentStatus),
    fulfilmentStatus: p.enum(() => FulfilmentStatus),
    cancellationReason: p.enum(() => CancellationReason).nullable(),
    cancellationRequestedAt: p.datetime().nullable(),
    shippingOption: p.string(),
    subtotalMinor: p.bigint(),
    discountMinor: p.bigint(),
    shippingMinor: p.bigint(),
    taxMinor: p.bigint(),
    taxes: p.json<OrderTax[]>().defaultRaw(`'[]'`),
    totalMinor: p.bigint(),
    version: p.integer().version().default(1),
    placedAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const OrderLineSchema = defineEntity({
  name: 'OrderLine',
  tableName: 'order_line',
  properties: {
    id: p.string().primary(),
    orderId: p.string(),
    position: p.integer(),
    variantId: p.string(),
    merchantId: p.string(),
    sku: p.string(),
    title: p.string(),
    quantity: p.integer(),
    unitPriceMinor: p.bigint(),
    subtotalMinor: p.bigint(),
    discountMinor: p.bigint(),
    taxMinor: p.bigint(),
    totalMinor: p.bigint(),
  },
});

export const OrderContactSchema = defineEntity({
  name: 'OrderContact',
  tableName: 'order_contact',
  properties: {
    orderId: p.string().primary(),
    email: p.string().nullable(),
    shippingAddress: p.json<Address>(),
    billingAddress: p.json<Address>(),
    cancellationNote: p.string().nullable(),
  },
});

export const TimelineEntrySchema = defineEntity({
  name: 'TimelineEntry',
  tableName: 'timeline_entry',
  properties: {
    orderId: p.string().primary(),
    type: p.enum(() => TimelineEntryType).primary(),
    reference: p.string().primary().default(''),
    amountMinor: p.bigint().nullable(),
    occurredAt: p.datetime(),
    position: p.bigint().autoincrement(),
  },
});

export const CartSchema = defineEntity({
  name: 'Cart',
  tableName: 'cart',
  properties: {
    id: p.string().primary(),
    customerId: p.string().nullable(),
    channelId: p.string(),
    currency: p.string(),
    orderId: p.string().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const CartLineSchema = defineEntity({
  name: 'CartLine',
  tableName: 'cart_line',
  properties: {
    cartId: p.string().primary(),
    variantId: p.string().primary(),
    quantity: p.integer(),
    position: p.integer(),
    title: p.string().nullable(),
  },
});

export const entities = [
  OrderSchema,
  OrderLineSchema,
  OrderContactSchema,
  TimelineEntrySchema,
  CartSchema,
  CartLineSchema,
];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type OrderRow = RowOf<typeof OrderSchema>;
export type CartRow = RowOf<typeof CartSchema>;
export type CartLineRow = RowOf<typeof CartLineSchema>;
