import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readableContacts, readableOrders } from './access.ts';
import type { OrderQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const orderLoaders = (queries: OrderQueries) => ({
  order: loadOne(
    (ids, { actor }) => queries.byIds(ids, readableOrders(actor)),
    (row) => row.id,
  ),
  linesOf: loadMany(
    (orderIds) => queries.linesOf(orderIds),
    (row) => row.order_id,
  ),
  contactOf: loadOne(
    (orderIds, { actor }) => queries.contactsOf(orderIds, readableContacts(actor)),
    (row) => row.order_id,
  ),
  timelineOf: loadMany(
    (orderIds) => queries.timelinesOf(orderIds),
    (row) => row.order_id,
  ),
});

export type OrderLoaders = ReturnType<typeof orderLoaders>;
