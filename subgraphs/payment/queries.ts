import type { Kysely } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsIn, columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { DeliveryConnection, DeliveryRow } from '../../platform/webhooks/webhooks.ts';
import {
  type PaymentRow,
  PaymentSchema,
  type PaymentStatus,
  type RefundRow,
  RefundSchema,
  type Tables,
} from './entities.ts';
import type { RefundFilter } from './resolvers.generated.ts';

const PAYMENT = columnsOf(PaymentSchema);

/** A webhook, and a page of them, as the graph reads them. */
export type WebhookDeliveryRow = DeliveryRow;
export type WebhookDeliveryConnectionRow = DeliveryConnection;

/** A page of refunds. */
export type RefundConnectionRow = Connection<RefundRow>;

/** The room's queries. They take the row filter of their caller. */
export const paymentQueries = (db: Kysely<Tables>) => ({
  byIds: (ids: readonly string[], rows: RowFilter): Promise<PaymentRow[]> =>
    db
      .selectFrom('payment')
      .select(PAYMENT)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  byOrders: (orderIds: readonly string[], rows: RowFilter): Promise<PaymentRow[]> =>
    db
      .selectFrom('payment')
      .select(PAYMENT)
      .where('orderId', 'in', [...orderIds])
      .where(matching(rows))
      .orderBy('createdAt')
      .orderBy('id')
      .execute(),

  refunds(filter: RefundFilter, page: PageArgs): Promise<RefundConnectionRow> {
    let query = db.selectFrom('refund').select(columnsOf(RefundSchema));
    if (filter.number != null) query = query.where('number', '=', filter.number);
    if (filter.status != null) query = query.where('status', '=', filter.status);
    return connect(query, { column: 'createdAt', direction: 'DESC' }, page);
  },

  /** The refunds of payments that count, the oldest first: those made or under way. */
  refundsOf: (paymentIds: readonly string[], rows: RowFilter): Promise<RefundRow[]> =>
    db
      .selectFrom('refund')
      .innerJoin('payment', 'payment.id', 'refund.paymentId')
      .select(columnsIn('refund', RefundSchema))
      .where('refund.paymentId', 'in', [...paymentIds])
      .where('refund.status', 'in', ['PENDING', 'DONE'])
      .where(matching(rows))
      .orderBy('refund.createdAt')
      .orderBy('refund.id')
      .execute(),

  /** Payment statuses for other agents, without a row filter. */
  ofOrders: (orderIds: readonly string[]): Promise<{ orderId: string; status: PaymentStatus }[]> =>
    db.selectFrom('payment').select(['orderId', 'status']).where('orderId', '=', anyOf(orderIds)).execute(),
});

export type PaymentQueries = ReturnType<typeof paymentQueries>;
/** The queries under row-level security: PostgreSQL withholds rows that are not the caller's. */
export type QueriesFor = (context: RequestContext) => PaymentQueries;
