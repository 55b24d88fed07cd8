import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';

const CustomerSchema = defineEntity({
  name: 'Customer',
  tableName: 'customer',
  properties: {
    id: p.string().primary(),
    userId: p.string(),
    name: p.string(),
    email: p.string(),
    phone: p.string().nullable(),
    defaultAddressId: p.string().nullable(),
    // Counted by `service.ts`: a changed address is a new version of its customer too.
    version: p.integer(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

const AddressSchema = defineEntity({
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
    version: p.integer(),
    createdAt: p.datetime(),
  },
});

export class Customer extends CustomerSchema.class {}
CustomerSchema.setClass(Customer);
export class Address extends AddressSchema.class {}
AddressSchema.setClass(Address);

export const entities = [CustomerSchema, AddressSchema];
/** The room's tables, as SQL sees them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;
