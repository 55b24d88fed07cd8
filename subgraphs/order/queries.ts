import type { Kysely } from 'kysely';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { Address } from '../../platform/graphql/address.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { Holder } from './domain.ts';
import type { CancellationReason, FulfilmentStatus, OrderStatus, OrderTax, PaymentStatus, Tables } from './entities.ts';
import type { TimelineEntryType } from './resolvers.generated.ts';
import { asRead } from './timeline.ts';

/** Entries of one timeline, more than there can be: each kind once, and the refunds, of which payment makes some fifty. */
const MAX_TIMELINE = 100;

/** An order as the graph reads it. */
export interface OrderRow {
  id: string;
  number: string;
  customer_id: string | null;
  channel_id: string;
  currency: string;
  status: OrderStatus;
  payment_status: PaymentStatus;
  fulfilment_status: FulfilmentStatus;
  cancellation_reason: CancellationReason | null;
  shipping_option: string;
  subtotal_minor: bigint;
  discount_minor: bigint;
  shipping_minor: bigint;
  tax_minor: bigint;
  taxes: OrderTax[];
  total_minor: bigint;
  version: number;
  placed_at: Date;
  updated_at: Date;
}

/** A page of orders. */
export type OrderConnectionRow = Connection<OrderRow>;

/** A line as the graph reads it: its amounts are in the order's currency. */
export interface OrderLineRow {
  id: string;
  order_id: string;
  variant_id: string;
  sku: string;
  title: string;
  quantity: number;
  currency: string;
  unit_price_minor: bigint;
  subtotal_minor: bigint;
  discount_minor: bigint;
  tax_minor: bigint;
  total_minor: bigint;
}

/** What is personal about an order. */
export interface ContactRow {
  order_id: string;
  email: string | null;
  shipping_address: Address;
  billing_address: Address;
}

/** An entry of a timeline. */
export interface TimelineEntryRow {
  order_id: string;
  type: TimelineEntryType;
  reference: string;
  occurred_at: Date;
  /** In the order's currency. */
  amount_minor: bigint | null;
  currency: string;
}

/** Which orders; all that is given must hold. */
export interface OrderFilter {
  status?: readonly OrderStatus[] | null;
  customerId?: string | null;
  placedFrom?: Date | null;
  placedBefore?: Date | null;
}

const ORDER = [
  'id',
  'number',
  'customer_id',
  'channel_id',
  'currency',
  'status',
  'payment_status',
  'fulfilment_status',
  'cancellation_reason',
  'shipping_option',
  'subtotal_minor',
  'discount_minor',
  'shipping_minor',
  'tax_minor',
  'taxes',
  'total_minor',
  'version',
  'placed_at',
  'updated_at',
] as const;

/** The room's reads of orders. Each takes the rows that its caller may see, or keys of orders already given. */
export const orderQueries = (db: Kysely<Tables>) => ({
  page(filter: OrderFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<OrderConnectionRow> {
    let query = db.selectFrom('orders').select(ORDER).where(matching(rows));
    // `= any` and not `in`, which cannot be empty.
    if (filter.status != null) query = query.where((eb) => eb('status', '=', eb.fn.any(eb.val([...filter.status!]))));
    if (filter.customerId != null) query = query.where('customer_id', '=', filter.customerId);
    if (filter.placedFrom != null) query = query.where('placed_at', '>=', filter.placedFrom);
    if (filter.placedBefore != null) query = query.where('placed_at', '<', filter.placedBefore);
    return connect(query, ordering, page);
  },

  byIds: (ids: readonly string[], rows: RowFilter): Promise<OrderRow[]> =>
    db
      .selectFrom('orders')
      .select(ORDER)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  byNumber: (number: string, rows: RowFilter): Promise<OrderRow | undefined> =>
    db.selectFrom('orders').select(ORDER).where('number', '=', number).where(matching(rows)).executeTakeFirst(),

  /** Demo orders, for the agents whose demo data builds on them: see demo/insert.ts for their numbers. */
  demoOrders: () =>
    db
      .selectFrom('orders')
      .select(['id', 'customer_id', 'payment_status', 'total_minor', 'currency', 'placed_at'])
      .where('number', 'like', 'AG-0%')
      .orderBy('id')
      .limit(1000)
      .execute(),

  /** Which of these orders, while they wait, keep some of these variants. */
  holders: async (variantIds: readonly string[], rows: RowFilter): Promise<Holder[]> => {
    if (rows === 'NONE') return [];
    const waiting = db
      .selectFrom('orders')
      .select(['id', 'number', 'cancellation_requested_at'])
      .where(matching(rows))
      .where('status', '=', 'PENDING')
      .as('waiting');
    const found = await db
      .selectFrom('order_line')
      .innerJoin(waiting, 'waiting.id', 'order_id')
      .select(['variant_id', 'number', 'cancellation_requested_at'])
      .where('variant_id', 'in', [...variantIds])
      .orderBy('waiting.id')
      .limit(100)
      .execute();
    return found.map(({ variant_id, number, cancellation_requested_at }) => ({
      variantId: variant_id,
      number,
      isBeingCancelled: cancellation_requested_at !== null,
    }));
  },

  linesOf: (orderIds: readonly string[]): Promise<OrderLineRow[]> =>
    db
      .selectFrom('order_line')
      .innerJoin('orders', 'orders.id', 'order_line.order_id')
      .select([
        'order_line.id',
        'order_id',
        'variant_id',
        'sku',
        'title',
        'quantity',
        'currency',
        'unit_price_minor',
        'order_line.subtotal_minor',
        'order_line.discount_minor',
        'order_line.tax_minor',
        'order_line.total_minor',
      ])
      .where('order_id', 'in', [...orderIds])
      .orderBy('order_id')
      .orderBy('position')
      .execute(),

  contactsOf: (orderIds: readonly string[], rows: RowFilter): Promise<ContactRow[]> =>
    db
      .selectFrom('order_contact')
      .innerJoin('orders', 'orders.id', 'order_contact.order_id')
      .select(['order_id', 'email', 'shipping_address', 'billing_address'])
      .where('order_id', 'in', [...orderIds])
      .where(matching(rows))
      .execute(),

  timelinesOf: async (orderIds: readonly string[]): Promise<TimelineEntryRow[]> =>
    asRead(
      (await db
        .selectFrom('timeline_entry')
        .innerJoin('orders', 'orders.id', 'order_id')
        .select(['order_id', 'type', 'reference', 'occurred_at', 'amount_minor', 'currency'])
        .where('order_id', 'in', [...orderIds])
        .orderBy('occurred_at')
        .orderBy('position')
        .limit(MAX_TIMELINE * orderIds.length)
        .execute()) as TimelineEntryRow[],
    ),
});

export type OrderQueries = ReturnType<typeof orderQueries>;
/** The same on behalf of who asks, of orders and contacts alone: PostgreSQL holds the rows of others back. */
export type QueriesFor = (
  context: RequestContext,
) => Omit<OrderQueries, 'linesOf' | 'timelinesOf' | 'holders' | 'demoOrders'>;
