import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { accepted } from '../../platform/commands/ask.ts';
import { checkOneOf, checkSize } from '../../platform/graphql/arguments.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { Forbidden, refuse } from '../../platform/errors.ts';
import { seesCustomer } from '../../platform/identity/sees-customer.ts';
import { money } from '../../platform/money.ts';
import { sagaId } from '../../platform/sagas/enqueue.ts';
import { readableOrders } from './access.ts';
import { issueGuestToken } from './commands/identity.generated.ts';
import { messageOf } from './domain.ts';
import { watchOrders } from './live.ts';
import type { OrderLoaders } from './loaders.ts';
import type { PlaceOrder } from './place-order.ts';
import type { OrderRow } from './entities.ts';
import type { OrderLineRow, OrderQueries, QueriesFor, TimelineEntryRow } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { OrderService } from './service.ts';

const COLUMN = { PLACED_AT: 'placedAt', UPDATED_AT: 'updatedAt' } as const;

/** The parts that the resolvers call. */
interface Parts {
  agentContext: AgentContext;
  queries: OrderQueries;
  queriesFor: QueriesFor;
  load: OrderLoaders;
  service: OrderService;
  placeOrder: PlaceOrder;
}

export const orderResolvers = ({ agentContext, queries, queriesFor, load, service, placeOrder }: Parts): Resolvers => ({
  Query: {
    order: async (_, { id, number }, context) => {
      checkOneOf({ id, number });
      return id != null
        ? load.order(context).load(id)
        : ((await queriesFor(context).byNumber(number!, readableOrders(context.actor))) ?? null);
    },
    orders: (_, { filter, orderBy, ...page }, context) => {
      const { actor } = context;
      const asks = filter?.customerId != null && actor.may('order:read');
      // Staff who may not see the customers of orders must not find them out by the filter.
      if (asks && !seesCustomer(actor, filter.customerId!))
        throw new Forbidden('You may not see whose orders these are: leave out `customerId`.');
      const ordering = {
        column: COLUMN[orderBy?.field ?? 'PLACED_AT'],
        direction: orderBy?.direction ?? 'DESC',
      } as const;
      return queriesFor(context).page(filter ?? {}, ordering, page, readableOrders(context.actor));
    },
    readableOrders: async (_, { ids }, context) => {
      checkSize(ids, 1000, 'ids');
      return (await queriesFor(context).byIds(ids, readableOrders(context.actor))).map((row) => row.id);
    },
    orderFacts: async (_, { first, after }) => {
      if (first < 1 || first > 100) throw refuse('INVALID_INPUT', '`first` is from 1 to 100.', ['first']);
      return (await queries.facts(first, after ?? null)).map(
        ({ id, currency, totalMinor, refundedMinor, ...order }) => ({
          ...order,
          orderId: id,
          total: money(totalMinor, currency),
          refunded: money(refundedMinor, currency),
        }),
      );
    },
    ordersToBillForDemo: async () =>
      (await queries.demoOrders()).map((order) => ({
        orderId: order.id,
        customerId: order.customerId,
        paymentStatus: order.paymentStatus,
        amount: money(order.totalMinor, order.currency),
        placedAt: order.placedAt,
      })),
  },

  Mutation: {
    placeOrder: (_, { input }, context) =>
      payload(async () => {
        const orderId = await placeOrder(input, context);
        // The caller that placed the order may read it here, also a guest, who is anonymous before the token.
        const [order] = await queries.byIds([orderId], 'ALL');
        return {
          order,
          saga: { id: sagaId('placeOrder', orderId) },
          orderToken: await tokenOf(agentContext, order!, context),
        };
      }),
    cancelOrder: (_, { input }, context) =>
      payload(async () => {
        const orderId = await service.requestCancellation(input, context);
        return { order: await load.order(context).load(orderId), saga: { id: sagaId('cancelOrder', orderId) } };
      }),
    awaitPaymentAction: (_, { input }, context) =>
      payload(async () => ({ status: await service.awaitPaymentAction(input, context) })),
    confirmOrder: (_, { input }, context) =>
      payload(async () => ({ status: await service.confirmOrder(input, context) })),
    startProcessing: (_, { input }, context) =>
      payload(async () => ({ status: await service.startProcessing(input, context) })),
    confirmPaidOrder: (_, { input }, context) =>
      payload(async () => ({ status: await service.confirmPaidOrder(input, context) })),
    completeCancellation: (_, { input }, context) =>
      payload(async () => ({ status: await service.completeCancellation(input, context) })),
  },

  Subscription: {
    orderUpdated: {
      subscribe: (_, { orderId, after }, context) => watchOrders(agentContext, load, { orderId, after }, context),
    },
  },

  OrderEvent: {
    order: (event, _, context) => load.order(context).load(event.orderId),
  },

  Order: {
    __resolveReference: ({ id }, context) => load.order(context).load(id),
    subtotal: (order) => money(order.subtotalMinor, order.currency),
    discount: (order) => money(order.discountMinor, order.currency),
    shipping: (order) => money(order.shippingMinor, order.currency),
    tax: (order) => money(order.taxMinor, order.currency),
    taxes: ({ taxes, currency }) =>
      taxes.map((one) => ({
        ...one,
        taxable: money(BigInt(one.taxable), currency),
        tax: money(BigInt(one.tax), currency),
      })),
    total: (order) => money(order.totalMinor, order.currency),
    customer: ({ customerId }, _, { actor }) =>
      customerId && seesCustomer(actor, customerId) ? { id: customerId } : null,
    email: async (order, _, context) => (await load.contactOf(context).load(order.id))?.email ?? null,
    shippingAddress: async (order, _, context) =>
      (await load.contactOf(context).load(order.id))?.shippingAddress ?? null,
    billingAddress: async (order, _, context) => (await load.contactOf(context).load(order.id))?.billingAddress ?? null,
    lines: (order, _, context) => load.linesOf(context).load(order.id),
    timeline: (order, _, context) => load.timelineOf(context).load(order.id),
    saga: (order) => ({ id: sagaId('placeOrder', order.id) }),
  },

  OrderLine: {
    variant: (line) => ({ id: line.variantId }),
    unitPrice: (line) => inCurrency(line, line.unitPriceMinor),
    subtotal: (line) => inCurrency(line, line.subtotalMinor),
    discount: (line) => inCurrency(line, line.discountMinor),
    tax: (line) => inCurrency(line, line.taxMinor),
    total: (line) => inCurrency(line, line.totalMinor),
  },

  TimelineEntry: {
    message: (entry) => messageOf(entry.type, amountOf(entry)),
    amount: amountOf,
  },
});

const amountOf = ({ amountMinor, currency }: TimelineEntryRow) =>
  amountMinor === null ? null : money(amountMinor, currency);
const inCurrency = (line: OrderLineRow, minor: bigint) => money(minor, line.currency);

/** A token with which a guest reads the order; customers read it with their own. */
async function tokenOf({ ask }: AgentContext, order: OrderRow, context: RequestContext): Promise<string | null> {
  if (order.customerId) return null;
  const answer = await ask(issueGuestToken, { input: { orderId: order.id } }, { within: context });
  return accepted(answer.issueGuestToken).token ?? null;
}
