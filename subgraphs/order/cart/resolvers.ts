import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { Refusal } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadMany, loadOne, perRequest } from '../../../platform/graphql/per-request.ts';
import { money } from '../../../platform/money.ts';
import { mayUseCart } from '../access.ts';
import type { OrderLoaders } from '../loaders.ts';
import type { DemandLine, Paths } from '../domain.ts';
import type { CartRow } from '../entities.ts';
import { findMissing, type Priced, price } from '../price-lines.ts';
import type { CartProblem, ErrorCode, Resolvers } from '../resolvers.generated.ts';
import { type CartQueries, demandOfCart } from './queries.ts';
import { type CartService, empty, ordered } from './service.ts';

/** Where it would go, and how. */
interface ShippedTo {
  country: string;
  postcode?: string | null;
  region?: string | null;
  shippingOption?: string | null;
}

/** A line of a cart has no path in any input: its index, by which its variant is found. */
const BY_INDEX: Paths = { line: (index) => [String(index)], lines: [], channel: [], currency: [] };

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

const problemsOf = ({ userErrors }: Refusal, lines: readonly DemandLine[] = []): CartProblem[] =>
  userErrors.map(({ code, message, path }) => ({
    code: code as ErrorCode,
    message,
    variantId: lines[Number(path?.[0])]?.variantId ?? null,
  }));

/** What the cart's resolvers call. */
interface Parts {
  queries: CartQueries;
  service: CartService;
  orders: OrderLoaders;
}

/** What a buyer collects before it is ordered. */
export const cartResolvers = (agentContext: AgentContext, { queries, service, orders }: Parts): Resolvers => {
  const carts = loadOne(queries.byIds, (row) => row.id);
  const linesOf = loadMany(queries.linesOf, (row) => row.cartId);

  const load = async (id: string, context: RequestContext): Promise<CartRow | null> => {
    const cart = await carts(context).load(id);
    return cart && mayUseCart(context.actor, cart) ? cart : null;
  };
  /** What it comes to, or why it does not; asked once, however many fields of a request want it. */
  const asked = perRequest(() => new Map<string, Promise<Priced | Refusal>>());
  const priceOf = async (
    cart: CartRow,
    at: ShippedTo,
    context: RequestContext,
  ): Promise<Priced | Refusal | undefined> => {
    const rows = await linesOf(context).load(cart.id);
    if (rows.length === 0) return undefined;
    const { channelId: channel, currency } = cart;
    const { country, postcode, region, shippingOption } = at;
    const to = { country, postcode, region, shippingOption };
    const order = { lines: demandOfCart(rows), channel, currency, ...to, paths: BY_INDEX };
    const key = JSON.stringify([cart.id, cart.version, to]);
    const found = asked(context).get(key) ?? price(agentContext, order, context).catch(asRefusal);
    asked(context).set(key, found);
    return found;
  };

  /** The cart after the use case. */
  const changed = (context: RequestContext, useCase: () => Promise<string>) =>
    payload(async () => ({ cart: await load(await useCase(), context) }));

  return {
    Query: {
      cart: (_, { id }, context) => load(id, context),
    },
    Mutation: {
      createCart: (_, { input }, context) => changed(context, () => service.createCart(input, context)),
      addToCart: (_, { input }, context) => changed(context, () => service.addToCart(input, context)),
      updateCartLine: (_, { input }, context) => changed(context, () => service.updateCartLine(input, context)),
    },
    Cart: {
      __resolveReference: ({ id }, context) => load(id, context),
      lines: (cart, _, context) => linesOf(context).load(cart.id),
      order: (cart, _, context) => (cart.orderId ? orders.order(context).load(cart.orderId) : null),
      async totals(cart, at, context) {
        const priced = await priceOf(cart, at, context);
        // Something in it cannot be priced, and there is no total to show. `problems` says what.
        if (!priced || priced instanceof Refusal) return null;
        const inCurrency = (minor: bigint) => money(minor, priced.currency);
        return {
          subtotal: inCurrency(priced.subtotal),
          shipping: inCurrency(priced.shipping),
          tax: inCurrency(priced.tax),
          total: inCurrency(priced.total),
        };
      },
      async problems(cart, at, context) {
        if (cart.orderId) return problemsOf(ordered());
        const rows = await linesOf(context).load(cart.id);
        if (rows.length === 0) return problemsOf(empty());
        const lines = demandOfCart(rows);
        const [priced, missing] = await Promise.all([
          priceOf(cart, at, context),
          findMissing(agentContext, { lines, paths: BY_INDEX }, context),
        ]);
        const unpriced = priced instanceof Refusal ? problemsOf(priced, lines) : [];
        // What is not for sale is not said to be sold out beside.
        const known = new Set(unpriced.map(({ variantId }) => variantId));
        const short = missing ? problemsOf(missing, lines) : [];
        return [...unpriced, ...short.filter(({ variantId }) => !known.has(variantId))];
      },
    },
    CartLine: {
      variant: (line) => ({ id: line.variantId }),
    },
  };
};
