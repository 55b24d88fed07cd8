import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { CustomerOrderSchema } from './statistics/entities.ts';

export const CustomerSchema = defineEntity({
  name: 'Customer',
  tableName: 'customer',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    name: p.string(),
    email: p.string(),
    phone: p.string().nullable(),
    defaultAddressId: p.string().nullable(),
    // A change of an address makes a new version of its customer too.
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const AddressSchema = defineEntity({
  name: 'Address',
  tableName: 'address',
  properties: {
    id: p.string().primary(),
    customerId: p.string(),
    name: p.string(),
    line1: p.string(),
    line2: p.string().nullable(),
    city: p.string(),
    postcode: p.string(),
    region: p.string().nullable(),
    country: p.string(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
  },
});

export const entities = [CustomerSchema, AddressSchema, CustomerOrderSchema];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type CustomerRow = RowOf<typeof CustomerSchema>;
/** An address, and whether it is its customer's default. */
export type CustomerAddressRow = RowOf<typeof AddressSchema> & { isDefaultShipping: boolean };
