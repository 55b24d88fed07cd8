import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableContacts, readableOrders } from './access.ts';
import type { OrderQueries, QueriesFor } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const orderLoaders = (queries: OrderQueries, queriesFor: QueriesFor) => ({
  order: loadOne(
    (ids, context) => queriesFor(context).byIds(ids, readableOrders(context.actor)),
    (row) => row.id,
  ),
  linesOf: loadMany(
    (orderIds) => queries.linesOf(orderIds),
    (row) => row.orderId,
  ),
  contactOf: loadOne(
    (orderIds, context) => queriesFor(context).contactsOf(orderIds, readableContacts(context.actor)),
    (row) => row.orderId,
  ),
  timelineOf: loadMany(
    (orderIds) => queries.timelinesOf(orderIds),
    (row) => row.orderId,
  ),
});

export type OrderLoaders = ReturnType<typeof orderLoaders>;
