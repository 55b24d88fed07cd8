/** The use cases of a cart. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { type Refusal, refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { mayUseCart } from '../access.ts';
import { channel as channelQuery } from '../commands/pricing.generated.ts';
import { variantsForSale } from '../commands/product.generated.ts';
import { checkLines, checkQuantity, type DemandLine, demandOf, MAX_LINES, MAX_QUANTITY } from '../domain.ts';
import { CartLineSchema, type CartRow, CartSchema, type Tables } from '../entities.ts';
import type { CreateCartInput } from '../resolvers.generated.ts';
import { type CartQueries, demandOfCart } from './queries.ts';

/** The part of a cart that an order takes over. */
export interface CartToOrder {
  lines: readonly DemandLine[];
  channel: string;
  currency: string;
  version: number;
  /** Its customer; null if it is a guest's. */
  customerId: string | null;
}

export const cartService = ({ store, clock, ask }: AgentContext<Tables>, queries: CartQueries) => {
  const chooseCurrency = async (
    input: CreateCartInput,
    context: RequestContext,
  ): Promise<{ channel: string; currency: string }> => {
    const id = input.channel ?? 'default';
    const { channel } = await ask(channelQuery, { id }, { within: context });
    if (!channel) throw refuse('CHANNEL_NOT_FOUND', `There is no channel ${id}.`, ['input', 'channel']);
    const currency = input.currency ?? channel.defaultCurrency;
    if (!channel.currencies.includes(currency)) {
      throw refuse('CURRENCY_NOT_AVAILABLE', `This channel sells in ${channel.currencies.join(', ')}.`, [
        'input',
        'currency',
      ]);
    }
    return { channel: channel.id, currency };
  };

  /** The titles of variants, by their ids. @throws Refusal VARIANT_NOT_FOUND */
  const titlesOf = async (
    ids: readonly string[],
    path: readonly string[],
    context: RequestContext,
  ): Promise<ReadonlyMap<string, string>> => {
    if (ids.length === 0) return new Map();
    const { variantsForSale: found } = await ask(variantsForSale, { ids: [...ids] }, { within: context });
    const missing = ids.find((_, index) => !found[index]);
    if (missing !== undefined) throw refuse('VARIANT_NOT_FOUND', `There is no variant ${missing} for sale.`, path);
    return new Map(ids.map((id, index) => [id, found[index]!.title]));
  };

  const find = async (work: Work<Tables>, id: string, { actor }: RequestContext): Promise<CartRow> => {
    const cart = await work.findIfAny(CartSchema, id);
    if (!cart || !mayUseCart(actor, cart)) throw notFound();
    if (cart.orderId) throw ordered();
    return cart;
  };

  /** Sets the quantity of a variant in the cart, as a function of the present quantity. */
  const setLine = (
    cartId: string,
    { variantId, title }: { variantId: string; title?: string },
    next: (now: number) => number,
    context: RequestContext,
  ): Promise<string> =>
    store.write({ locks: [cartId], origin: context }, async (work) => {
      const cart = await find(work, cartId, context);
      const lines = await work.sql
        .selectFrom('cart_line')
        .select(['variantId', 'quantity', 'position'])
        .where('cartId', '=', cartId)
        .execute();
      const quantity = next(lines.find((line) => line.variantId === variantId)?.quantity ?? 0);
      if (quantity > MAX_QUANTITY)
        throw refuse('INVALID_INPUT', `At most ${MAX_QUANTITY} of one variant.`, ['input', 'quantity']);
      if (quantity === 0) {
        await work.sql
          .deleteFrom('cart_line')
          .where('cartId', '=', cartId)
          .where('variantId', '=', variantId)
          .execute();
      } else {
        const isNew = !lines.some((line) => line.variantId === variantId);
        if (isNew && lines.length >= MAX_LINES)
          throw refuse('INVALID_INPUT', `A cart holds at most ${MAX_LINES} lines.`, ['input', 'cartId']);
        const position = 1 + Math.max(-1, ...lines.map((line) => line.position));
        await work.sql
          .insertInto('cart_line')
          .values({ cartId, variantId, quantity, position, title })
          .onConflict((conflict) => conflict.columns(['cartId', 'variantId']).doUpdateSet({ quantity, title }))
          .execute();
      }
      await work.save(CartSchema, cart, { updatedAt: clock.now() });
      return cartId;
    });

  return {
    async createCart(input: CreateCartInput, context: RequestContext): Promise<string> {
      checkLines(input.lines, ['input', 'lines']);
      const demand = demandOf(input.lines);
      // Lines of one variant become one line, whose sum must be allowed too.
      for (const quantity of demand.values()) checkQuantity(quantity, ['input', 'lines']);
      const [{ channel: channelId, currency }, titles] = await Promise.all([
        chooseCurrency(input, context),
        titlesOf([...demand.keys()], ['input', 'lines'], context),
      ]);
      const id = newId('cart');
      return store.write({ locks: [id], origin: context }, async (work) => {
        const now = clock.now();
        const customerId = context.actor.customerId ?? null;
        await work.insert(CartSchema, { id, customerId, channelId, currency, createdAt: now, updatedAt: now });
        const lines = [...demand].map(([variantId, quantity], position) => {
          return { cartId: id, variantId, quantity, position, title: titles.get(variantId) };
        });
        await work.insert(CartLineSchema, ...lines);
        return id;
      });
    },

    async addToCart(
      input: { cartId: string; variantId: string; quantity: number },
      context: RequestContext,
    ): Promise<string> {
      checkQuantity(input.quantity, ['input', 'quantity']);
      const { cartId, variantId, quantity } = input;
      const titles = await titlesOf([variantId], ['input', 'variantId'], context);
      return setLine(cartId, { variantId, title: titles.get(variantId) }, (now) => now + quantity, context);
    },

    async updateCartLine(
      input: { cartId: string; variantId: string; quantity: number },
      context: RequestContext,
    ): Promise<string> {
      const { cartId, variantId, quantity } = input;
      if (quantity === 0) return setLine(cartId, { variantId }, () => 0, context);
      checkQuantity(quantity, ['input', 'quantity']);
      const titles = await titlesOf([variantId], ['input', 'variantId'], context);
      return setLine(cartId, { variantId, title: titles.get(variantId) }, () => quantity, context);
    },

    /** The part that an order takes over. @throws Refusal NOT_FOUND, CART_ORDERED, CART_EMPTY */
    async toOrder(id: string, { actor }: RequestContext): Promise<CartToOrder> {
      const [cart] = await queries.byIds([id]);
      if (!cart || !mayUseCart(actor, cart)) throw notFound();
      if (cart.orderId) throw ordered();
      const rows = await queries.linesOf([id]);
      if (rows.length === 0) throw empty();
      const { channelId: channel, currency, version, customerId } = cart;
      return { lines: demandOfCart(rows), channel, currency, version, customerId };
    },

    /** Runs in the order's transaction and the cart's lock: a cart becomes one order at most, of the version priced. */
    async turnIntoOrder(work: Work<Tables>, cartId: string, version: number, orderId: string): Promise<void> {
      const cart = await work.findIfAny(CartSchema, cartId);
      if (!cart) throw notFound();
      if (cart.orderId) throw ordered();
      if (cart.version !== version) throw changed(cart.version);
      await work.save(CartSchema, cart, { orderId, updatedAt: clock.now() });
    },
  };
};

const notFound = (): Refusal => refuse('NOT_FOUND', 'There is no such cart, or it is not yours.', ['input', 'cartId']);
const changed = (currentVersion: number): Refusal =>
  refuse(
    'VERSION_CONFLICT',
    'The cart was changed while it was ordered: look at it and order again.',
    ['input', 'cartId'],
    {
      __typename: 'VersionConflict',
      currentVersion,
    },
  );
/** The refusal of an empty cart. */
export const empty = (): Refusal =>
  refuse('CART_EMPTY', 'The cart is empty: put something into it first.', ['input', 'cartId']);
/** The refusal of a cart that was ordered before. */
export const ordered = (): Refusal =>
  refuse('CART_ORDERED', 'The cart is an order already: open a new one.', ['input', 'cartId']);

export type CartService = ReturnType<typeof cartService>;
