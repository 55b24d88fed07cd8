/** The projection of customers' orders: filled from the order agent, then kept by its events. */
import { z } from 'zod';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { onAll, type SetWork } from '../../../platform/consumers/handler.ts';
import { anyOf } from '../../../platform/data/any-of.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { LoggedEvent } from '../../../platform/events/event-log.ts';
import { defineProjection } from '../../../platform/projections/projection.ts';
import { orderFacts } from '../commands/order.generated.ts';
import { after, type OrderFact } from './domain.ts';
import { type CustomerOrderRow, CustomerOrderSchema, type StatisticsTables } from './entities.ts';

type StatisticsWork = Pick<SetWork<StatisticsTables>, 'sql'>;

/** Orders of one page. */
const PAGE = 100;
const ORDER = columnsOf(CustomerOrderSchema);

const placed = z.object({
  status: z.string(),
  currency: z.string(),
  totalMinor: z.string(),
  createdAt: z.iso.datetime(),
});
const moved = z.object({ newStatus: z.string() });
const paid = z.object({ paymentStatus: z.string(), refunded: z.object({ minor: z.string() }).nullable() });
/** The fields that all events of orders have. The others are read by type. */
const ofOrder = z.looseObject({ orderId: z.string(), customerId: z.string().nullable() });
type OfOrder = z.infer<typeof ofOrder>;

/** What an event says of the customer's order. */
const READ: Record<string, (payload: OfOrder, customerId: string) => Omit<OrderFact, 'id' | 'version'>> = {
  'order.placed'(payload, customerId) {
    const { totalMinor, createdAt, ...rest } = placed.parse(payload);
    return { fact: 'PLACED', customerId, ...rest, totalMinor: BigInt(totalMinor), placedAt: new Date(createdAt) };
  },
  'order.status_changed': (payload) => ({ fact: 'MOVED', status: moved.parse(payload).newStatus }),
  'order.payment_status_changed'(payload) {
    const { paymentStatus, refunded } = paid.parse(payload);
    return { fact: 'PAID', paymentStatus, refundedMinor: BigInt(refunded?.minor ?? 0) };
  },
};

function factOf({ type, payload, aggregateVersion: version }: LoggedEvent<OfOrder>): OrderFact | undefined {
  const { orderId: id, customerId } = payload;
  return customerId === null ? undefined : ({ ...READ[type]!(payload, customerId), id, version } as OrderFact);
}

/** Applies facts, oldest first: reads the orders, and writes those that change, in a statement each. */
async function apply(work: StatisticsWork, facts: readonly OrderFact[]): Promise<void> {
  if (facts.length === 0) return;
  const ids = [...new Set(facts.map(({ id }) => id))];
  const known = await work.sql.selectFrom('customer_order').select(ORDER).where('id', '=', anyOf(ids)).execute();
  const before = new Map(known.map((order) => [order.id, order]));
  const now = new Map(before);
  for (const fact of facts) {
    const order = after(now.get(fact.id), fact);
    if (order) now.set(fact.id, order);
  }
  await write(
    work,
    [...now.values()].filter((order) => before.get(order.id) !== order),
  );
}

/** Writes orders, each unless a later version is shown already. */
async function write({ sql }: StatisticsWork, orders: readonly CustomerOrderRow[]): Promise<void> {
  if (orders.length === 0) return;
  await sql
    .insertInto('customer_order')
    .values([...orders])
    .onConflict((on) =>
      on
        .column('id')
        .doUpdateSet((eb) => ({
          status: eb.ref('excluded.status'),
          refundedMinor: eb.ref('excluded.refundedMinor'),
          version: eb.ref('excluded.version'),
        }))
        .whereRef('customer_order.version', '<', 'excluded.version'),
    )
    .execute();
}

/** The projection behind `Customer.orderStatistics`. */
export const ordersOfCustomers = defineProjection<Pick<AgentContext, 'ask'>>({
  name: 'orders',
  version: 1,
  entities: [CustomerOrderSchema],
  handlers: onAll<OfOrder, StatisticsTables>(Object.keys(READ), ofOrder, (work, events) =>
    apply(
      work,
      events.flatMap((event) => factOf(event) ?? []),
    ),
  ),
  backfill:
    ({ ask }) =>
    async ({ after, within }) => {
      const { orderFacts: page } = await ask(orderFacts, { first: PAGE, after }, { within });
      const rows = page.flatMap(({ orderId: id, customerId, total, refunded, placedAt, ...order }) =>
        customerId === null
          ? []
          : {
              ...order,
              id,
              customerId,
              currency: total.currency,
              totalMinor: BigInt(total.minor),
              refundedMinor: BigInt(refunded.minor),
              placedAt: new Date(placedAt),
            },
      );
      return {
        next: page.length < PAGE ? null : page.at(-1)!.orderId,
        count: rows.length,
        apply: (work) => write(work, rows),
      };
    },
});
