import { type Kysely, sql } from 'kysely';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsIn, columnsOf, type RowOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { Holder } from './domain.ts';
import {
  OrderContactSchema,
  OrderLineSchema,
  type OrderRow,
  OrderSchema,
  type OrderStatus,
  type Tables,
  TimelineEntrySchema,
} from './entities.ts';
import { asRead } from './timeline.ts';

/**
 * Limit of one timeline, above what is possible: each type once, and the refunds, of which payment makes some fifty.
 */
const MAX_TIMELINE = 100;

/** A page of orders. */
export type OrderConnectionRow = Connection<OrderRow>;

/** A line as the graph reads it: its amounts are in the order's currency. */
export type OrderLineRow = RowOf<typeof OrderLineSchema> & { currency: string };

/** An entry of a timeline: its amount is in the order's currency. */
export type TimelineEntryRow = RowOf<typeof TimelineEntrySchema> & { currency: string };

/** The contact of an order: its e-mail address and postal addresses. */
export type OrderContactRow = RowOf<typeof OrderContactSchema>;

/** A filter of orders; every given condition must hold. */
export interface OrderFilter {
  status?: readonly OrderStatus[] | null;
  customerId?: string | null;
  placedFrom?: Date | null;
  placedBefore?: Date | null;
}

const ORDER = columnsOf(OrderSchema);
const LINE = columnsIn('order_line', OrderLineSchema);
const CONTACT = columnsIn('order_contact', OrderContactSchema);
const ENTRY = columnsIn('timeline_entry', TimelineEntrySchema);

/** The room's queries of orders. Each takes the row filter of its caller, or ids of orders that the caller has read. */
export const orderQueries = (db: Kysely<Tables>) => ({
  page(filter: OrderFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<OrderConnectionRow> {
    let query = db.selectFrom('orders').select(ORDER).where(matching(rows));
    if (filter.status != null) query = query.where('status', '=', anyOf(filter.status));
    if (filter.customerId != null) query = query.where('customerId', '=', filter.customerId);
    if (filter.placedFrom != null) query = query.where('placedAt', '>=', filter.placedFrom);
    if (filter.placedBefore != null) query = query.where('placedAt', '<', filter.placedBefore);
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

  /** Orders by id with their refunds, each in one statement with its version: a payment that is refunded whole is all of it. */
  facts: (first: number, after: string | null) =>
    db
      .selectFrom('orders')
      .select(['id', 'customerId', 'version', 'status', 'currency', 'totalMinor', 'placedAt'])
      .select((eb) =>
        eb
          .case()
          .when('paymentStatus', '=', 'REFUNDED')
          .then(eb.ref('totalMinor'))
          .else(
            eb.fn.coalesce(
              eb
                .selectFrom('timeline_entry')
                .select(sql<bigint>`sum(amount_minor)::bigint`.as('sum'))
                .whereRef('timeline_entry.orderId', '=', 'orders.id')
                .where('type', '=', 'PAYMENT_REFUNDED'),
              sql<bigint>`0::bigint`,
            ),
          )
          .end()
          .as('refundedMinor'),
      )
      .$if(after !== null, (query) => query.where('id', '>', after))
      .orderBy('id')
      .limit(first)
      .execute(),

  /** Demo orders, for the agents whose demo data builds on them: see demo/insert.ts for their numbers. */
  demoOrders: () =>
    db
      .selectFrom('orders')
      .select(['id', 'customerId', 'paymentStatus', 'totalMinor', 'currency', 'placedAt'])
      .where('number', 'like', 'AG-0%')
      .orderBy('id')
      .limit(1000)
      .execute(),

  /** The pending orders, of those that the filter allows, that hold units of these variants. */
  holders: async (variantIds: readonly string[], rows: RowFilter): Promise<Holder[]> => {
    if (rows === 'NONE') return [];
    const waiting = db
      .selectFrom('orders')
      .select(['id', 'number', 'cancellationRequestedAt'])
      .where(matching(rows))
      .where('status', '=', 'PENDING')
      .as('waiting');
    const found = await db
      .selectFrom('order_line')
      .innerJoin(waiting, 'waiting.id', 'orderId')
      .select(['variantId', 'number', 'cancellationRequestedAt'])
      .where('variantId', 'in', [...variantIds])
      .orderBy('waiting.id')
      .limit(100)
      .execute();
    return found.map(({ variantId, number, cancellationRequestedAt }) => ({
      variantId,
      number,
      isBeingCancelled: cancellationRequestedAt !== null,
    }));
  },

  linesOf: (orderIds: readonly string[]): Promise<OrderLineRow[]> =>
    db
      .selectFrom('order_line')
      .innerJoin('orders', 'orders.id', 'orderId')
      .select([...LINE, 'currency'])
      .where('orderId', 'in', [...orderIds])
      .orderBy('orderId')
      .orderBy('position')
      .execute(),

  contactsOf: (orderIds: readonly string[], rows: RowFilter): Promise<OrderContactRow[]> =>
    db
      .selectFrom('order_contact')
      .innerJoin('orders', 'orders.id', 'orderId')
      .select(CONTACT)
      .where('orderId', 'in', [...orderIds])
      .where(matching(rows))
      .execute(),

  timelinesOf: async (orderIds: readonly string[]): Promise<TimelineEntryRow[]> =>
    asRead(
      await db
        .selectFrom('timeline_entry')
        .innerJoin('orders', 'orders.id', 'orderId')
        .select([...ENTRY, 'currency'])
        .where('orderId', 'in', [...orderIds])
        .orderBy('occurredAt')
        .orderBy('position')
        .limit(MAX_TIMELINE * orderIds.length)
        .execute(),
    ),
});

export type OrderQueries = ReturnType<typeof orderQueries>;
/** The queries of orders and contacts under row-level security: PostgreSQL withholds rows that are not the caller's. */
export type QueriesFor = (
  context: RequestContext,
) => Omit<OrderQueries, 'linesOf' | 'timelinesOf' | 'holders' | 'demoOrders'>;
