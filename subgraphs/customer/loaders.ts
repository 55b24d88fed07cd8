import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableCustomers } from './access.ts';
import type { CustomerQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const customerLoaders = (queries: CustomerQueries) => ({
  customer: loadOne(
    (ids, { actor }) => queries.byIds(ids, readableCustomers(actor)),
    (row) => row.id,
  ),
  addressesOf: loadMany(
    (customerIds) => queries.addressesOf(customerIds),
    (row) => row.customer_id,
  ),
});

export type CustomerLoaders = ReturnType<typeof customerLoaders>;
