import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { readablePayments } from './access.ts';
import type { QueriesFor } from './queries.ts';

/** Batched lookups: one statement for however many are asked for at once. */
export const paymentLoaders = (queriesFor: QueriesFor) => ({
  payment: loadOne(
    (ids, context) => queriesFor(context).byIds(ids, readablePayments(context.actor)),
    (row) => row.id,
  ),
  paymentsOf: loadMany(
    (orderIds, context) => queriesFor(context).byOrders(orderIds, readablePayments(context.actor)),
    (row) => row.orderId,
  ),
  refundsOf: loadMany(
    (paymentIds, context) => queriesFor(context).refundsOf(paymentIds, readablePayments(context.actor)),
    (row) => row.paymentId,
  ),
});

export type PaymentLoaders = ReturnType<typeof paymentLoaders>;
