import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { LiveEvent } from '../../platform/events/live.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { isId } from '../../platform/ids.ts';
import { readableOrders } from './access.ts';
import { emits } from './events.ts';
import type { OrderLoaders } from './loaders.ts';
import type { OrderStatus } from './entities.ts';

const TYPES = emits.map((event) => event.type);

/** An event as the graph reads it. */
export interface OrderEventRow {
  cursor: string;
  type: string;
  status: OrderStatus;
  version: number;
  occurredAt: Date;
  orderId: string;
}

/** The fields that the events of an order have in common. */
interface OrderFact {
  orderId: string;
  customerId: string | null;
  status?: OrderStatus;
  newStatus?: OrderStatus;
}

/** The events of orders that the caller may see, each with the order as it is when the event is delivered. */
export async function* watchOrders(
  { live }: AgentContext,
  load: OrderLoaders,
  { orderId, after }: { orderId?: string | null; after?: string | null },
  context: RequestContext,
): AsyncGenerator<{ orderUpdated: OrderEventRow }> {
  const rows = readableOrders(context.actor);
  // Another buyer's order and an unknown one look alike: neither has events for the subscriber.
  if (orderId != null && (!isId(orderId, 'order') || !(await load.order(context).load(orderId)))) return;
  const signal = context.signal ?? new AbortController().signal;
  const interest = { types: TYPES, aggregateId: orderId ?? undefined, after, onBegin: context.onBegin, signal };
  for await (const { event, cursor } of live.follow(interest)) {
    const fact = event.payload as OrderFact;
    if (matches({ id: fact.orderId, customerId: fact.customerId }, rows))
      yield { orderUpdated: asOrderEvent(fact, event, cursor) };
  }
}

const asOrderEvent = (fact: OrderFact, event: LiveEvent['event'], cursor: string): OrderEventRow => ({
  cursor,
  type: event.type,
  status: fact.newStatus ?? fact.status!,
  version: event.aggregateVersion,
  occurredAt: event.at,
  orderId: fact.orderId,
});
