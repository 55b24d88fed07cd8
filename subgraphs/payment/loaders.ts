import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readablePayments } from './access.ts';
import type { PaymentQueries } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const paymentLoaders = (queries: PaymentQueries) => ({
  payment: loadOne(
    (ids, { actor }) => queries.byIds(ids, readablePayments(actor)),
    (row) => row.id,
  ),
  paymentsOf: loadMany(
    (orderIds, { actor }) => queries.byOrders(orderIds, readablePayments(actor)),
    (row) => row.order_id,
  ),
});

export type PaymentLoaders = ReturnType<typeof paymentLoaders>;
