import type { Ground } from '../../../platform/agent/ground.ts';
import { Refusal } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { loadMany, loadOne } from '../../../platform/graphql/per-request.ts';
import { money } from '../../../platform/money.ts';
import { mayUseCart } from '../access.ts';
import type { OrderLoaders } from '../loaders.ts';
import { price } from '../pricing.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import type { CartQueries, CartRow } from './queries.ts';
import type { CartService } from './service.ts';

/** The cart's part of the order room. */
export const cartParts = (ground: Ground, queries: CartQueries, service: CartService, orders: OrderLoaders) => {
  const carts = loadOne(queries.byIds, (row) => row.id);
  const linesOf = loadMany(queries.linesOf, (row) => row.cart_id);

  const load = async (id: string, context: RequestContext): Promise<CartRow | null> => {
    const cart = await carts(context).load(id);
    return cart && mayUseCart(context.actor, cart) ? cart : null;
  };
  const resolvers: Pick<Resolvers, 'Cart' | 'CartLine'> = {
    Cart: {
      __resolveReference: ({ id }, context) => load(id, context),
      channelId: (cart) => cart.channel_id,
      updatedAt: (cart) => cart.updated_at,
      lines: (cart, _, context) => linesOf(context).load(cart.id),
      order: (cart, _, context) => (cart.order_id ? orders.order(context).load(cart.order_id) : null),
      async totals(cart, { country, shippingOption }, context) {
        const rows = await linesOf(context).load(cart.id);
        if (rows.length === 0) return null;
        const lines = rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity }));
        try {
          const priced = await price(
            ground,
            { lines, channel: cart.channel_id, currency: cart.currency, country, shippingOption },
            context,
          );
          const inCurrency = (minor: bigint) => money(minor, priced.currency);
          return {
            subtotal: inCurrency(priced.subtotal),
            shipping: inCurrency(priced.shipping),
            tax: inCurrency(priced.tax),
            total: inCurrency(priced.total),
          };
        } catch (error) {
          // Something in it cannot be priced: there is no total to show. Placing the order says what.
          if (error instanceof Refusal) return null;
          throw error;
        }
      },
    },
    CartLine: {
      variant: (line) => ({ id: line.variant_id }),
    },
  };
  return { service, load, resolvers };
};
