import { type Kysely, sql } from 'kysely';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { DeliveryConnection, DeliveryRow } from '../../platform/webhooks/webhooks.ts';
import type { PaymentStatus, Tables } from './entities.ts';

/** A payment as the graph reads it. */
export interface PaymentRow {
  id: string;
  order_id: string;
  customer_id: string | null;
  amount_minor: bigint;
  currency: string;
  status: PaymentStatus;
  captured_minor: bigint;
  refunded_minor: bigint;
  action_url: string | null;
  action_expires_at: Date | null;
  failure: string | null;
  created_at: Date;
}

const PAYMENT = [
  'id',
  'order_id',
  'customer_id',
  'amount_minor',
  'currency',
  'status',
  'captured_minor',
  'refunded_minor',
  'action_url',
  'action_expires_at',
  'failure',
  'created_at',
] as const;

/** A webhook, and a page of them, as the graph reads them. */
export type WebhookDeliveryRow = DeliveryRow;
export type WebhookDeliveryConnectionRow = DeliveryConnection;

/** The room's reads. They take the rows that their caller may see. */
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
      .where('order_id', 'in', [...orderIds])
      .where(matching(rows))
      .orderBy('created_at')
      .orderBy('id')
      .execute(),

  /** For other agents: whosever the orders are. */
  ofOrders: async (orderIds: readonly string[]): Promise<{ orderId: string; status: PaymentStatus }[]> =>
    db
      .selectFrom('payment')
      .select(['order_id as orderId', 'status'])
      .where(sql<boolean>`order_id = any(${[...orderIds]})`)
      .execute(),
});

export type PaymentQueries = ReturnType<typeof paymentQueries>;
/** The same on behalf of who asks: PostgreSQL holds the rows of others back. */
export type QueriesFor = (context: RequestContext) => PaymentQueries;
