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

/** Destination and shipping option of a cart. */
interface ShippedTo {
  country: string;
  postcode?: string | null;
  region?: string | null;
  shippingOption?: string | null;
}

/** A line of a cart has no path in an input. Its index stands for it, and leads to its variant. */
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

/** The parts that the cart's resolvers call. */
interface Parts {
  queries: CartQueries;
  service: CartService;
  orders: OrderLoaders;
}

/** Resolvers of carts, in which buyers collect what they may order. */
export const cartResolvers = (agentContext: AgentContext, { queries, service, orders }: Parts): Resolvers => {
  const carts = loadOne(queries.byIds, (row) => row.id);
  const linesOf = loadMany(queries.linesOf, (row) => row.cartId);

  const load = async (id: string, context: RequestContext): Promise<CartRow | null> => {
    const cart = await carts(context).load(id);
    return cart && mayUseCart(context.actor, cart) ? cart : null;
  };
  /** Prices of a cart, or the refusal: asked once per request, however many fields need them. */
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

  /** The payload of a use case: the changed cart. */
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
        // A line cannot be priced, so that there is no total. `problems` says which.
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
        // A variant that cannot be priced is not reported as sold out as well.
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
