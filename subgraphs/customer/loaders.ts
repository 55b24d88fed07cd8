import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableCustomers } from './access.ts';
import type { QueriesFor } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const customerLoaders = (queriesFor: QueriesFor) => ({
  customer: loadOne(
    (ids, context) => queriesFor(context).byIds(ids, readableCustomers(context.actor)),
    (row) => row.id,
  ),
  addressesOf: loadMany(
    (customerIds, context) => queriesFor(context).addressesOf(customerIds),
    (row) => row.customerId,
  ),
});

export type CustomerLoaders = ReturnType<typeof customerLoaders>;
