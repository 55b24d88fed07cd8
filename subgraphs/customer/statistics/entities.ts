import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../../platform/data/entity-table.ts';

/** An order of a customer, as far as the customer's figures need it. */
export const CustomerOrderSchema = defineEntity({
  name: 'CustomerOrder',
  tableName: 'customer_order',
  properties: {
    id: p.string().primary(),
    customerId: p.string(),
    status: p.string(),
    currency: p.string(),
    totalMinor: p.bigint(),
    refundedMinor: p.bigint().defaultRaw('0'),
    placedAt: p.datetime(),
    version: p.integer(),
  },
});

/** The projection's table, for Kysely. */
export type StatisticsTables = TablesOf<typeof CustomerOrderSchema>;
export type CustomerOrderRow = RowOf<typeof CustomerOrderSchema>;
