import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../../platform/data/entity-table.ts';
import { ProviderStatus } from './provider.ts';

/** The kinds of movements of money at the provider. */
export const EntryKind = { AUTHORISE: 'AUTHORISE', CAPTURE: 'CAPTURE', VOID: 'VOID', REFUND: 'REFUND' } as const;
export type EntryKind = keyof typeof EntryKind;

/** A payment in the simulator's books, under our reference. */
export const SimulatorPaymentSchema = defineEntity({
  name: 'SimulatorPayment',
  tableName: 'simulator_payment',
  properties: {
    reference: p.string().primary(),
    token: p.string(),
    amountMinor: p.bigint('bigint'),
    currency: p.string().nullable(),
    status: p.enum(() => ProviderStatus),
    capturedMinor: p.bigint('bigint').default(0),
    refundedMinor: p.bigint('bigint').default(0),
    refusal: p.string().nullable(),
    actionExpiresAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** Movements of money, append-only. */
export const SimulatorEntrySchema = defineEntity({
  name: 'SimulatorEntry',
  tableName: 'simulator_entry',
  properties: {
    reference: p.string().primary(),
    kind: p.enum(() => EntryKind).primary(),
    key: p.string().primary().default(''),
    amountMinor: p.bigint('bigint'),
    at: p.datetime(),
  },
});

/** A webhook that is to be sent. */
export const SimulatorWebhookSchema = defineEntity({
  name: 'SimulatorWebhook',
  tableName: 'simulator_webhook',
  properties: {
    id: p.string().primary(),
    body: p.text(),
    attempts: p.integer().default(0),
    /** Null: given up. */
    nextAt: p.datetime().nullable(),
    error: p.string().nullable(),
  },
});

/** An address that answered 410 and gets no more webhooks. */
export const SimulatorGoneSchema = defineEntity({
  name: 'SimulatorGone',
  tableName: 'simulator_gone',
  properties: { url: p.string().primary(), at: p.datetime() },
});

export const simulatorEntities = [
  SimulatorPaymentSchema,
  SimulatorEntrySchema,
  SimulatorWebhookSchema,
  SimulatorGoneSchema,
];
/** The simulator's tables, for Kysely. */
export type SimulatorTables = TablesOf<(typeof simulatorEntities)[number]>;
/** A payment in the books. */
export type Booked = RowOf<typeof SimulatorPaymentSchema>;
