/**
 * Placing an order: it is validated and priced in the request, where every mistake is a user error and nothing is
 * written. An accepted order is durable together with the saga that carries it.
 */
import { sql as fragment } from 'kysely';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { IdempotencyKey } from '../../platform/data/idempotency.ts';
import { json } from '../../platform/data/json.ts';
import type { Work } from '../../platform/store/store.ts';
import { Forbidden, type Refusal, refuse } from '../../platform/errors.ts';
import { checkAddress } from '../../platform/graphql/address.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { fromDecimal, money, toDecimal } from '../../platform/money.ts';
import { ownOrders } from './access.ts';
import type { CartService } from './cart/service.ts';
import { checkLines, type DemandLine, inCart, type Paths, withHints } from './domain.ts';
import type { Tables } from './entities.ts';
import { orderPlaced } from './events.ts';
import { checkProvider } from './payment-provider.ts';
import { findMissing, type Priced, price } from './price-lines.ts';
import { lineRow } from './line-row.ts';
import type { OrderQueries } from './queries.ts';
import type { PlaceOrderInput } from './resolvers.generated.ts';
import { withTimeline } from './timeline.ts';

/** The lines to order, with their channel and currency. */
interface Selection {
  lines: readonly DemandLine[];
  channel?: string | null;
  currency?: string | null;
  paths?: Paths;
  /** The version of the cart, if there is one. */
  version?: number;
  /** The customer of the cart; none if it is a guest's. */
  customerId?: string | null;
}

/** The parts that placing an order calls. */
interface Parts {
  carts: CartService;
  queries: OrderQueries;
}

/** Makes the use case. It returns the id of the order, the same for the same idempotency key. */
export const placing = (agentContext: AgentContext<Tables>, { carts, queries }: Parts) => {
  const { store, clock, secrets } = agentContext;

  return async (input: PlaceOrderInput, context: RequestContext): Promise<string> => {
    const once = onceOf(input, context, secrets);
    // Comes first: later changes of the world must not turn the replay of an accepted order into a refusal.
    const { actor } = context;
    const earlier = await store.earlierOutcome<Accepted>(once);
    if (earlier) return stillTold(earlier, actor);

    checkProvider(agentContext.config);
    const selection = await select(input, context);
    // A customer's cart becomes the customer's order, also if staff order it.
    const customerId = selection.customerId ?? actor.customerId ?? null;
    const contact = checkContact(input, customerId, actor);
    const { country, postcode, region } = contact.shipping;
    const order = { ...selection, country, postcode, region, shippingOption: input.shippingOption };
    const [priced, missing] = await Promise.all([
      price(agentContext, order, context),
      findMissing(agentContext, selection, context),
    ]);
    // Comes after the prices, so that an unknown or unpriced variant is never called sold out, whoever answers first.
    if (missing) throw await explained(missing, actor);
    checkTotal(input, priced);

    const orderId = newId('order');
    const locks = input.cartId ? [orderId, input.cartId] : [orderId];
    const byStaff = actor.may('order:write') || undefined;
    const accepted = await store.idempotent<Accepted>({ ...once, locks, origin: context }, async (work) => {
      await insert(work, orderId, priced, contact, { customerId, placedBy: placerOf(actor, customerId) });
      if (input.cartId) await carts.turnIntoOrder(work, input.cartId, selection.version!, orderId);
      await work.startSaga('placeOrder.v2', orderId, {
        orderId,
        customerId,
        amount: toDecimal(money(priced.total, priced.currency)),
        currency: priced.currency,
        lines: priced.lines.map(({ variantId, quantity }) => ({ variantId, quantity })),
        // Sealed for payment alone: the engine of sagas keeps their inputs in its tables for good.
        paymentToken: secrets.seal(input.payment.token, orderId),
      });
      return { orderId, byStaff };
    });
    return stillTold(accepted, actor);
  };

  async function select(input: PlaceOrderInput, context: RequestContext): Promise<Selection> {
    if ((input.cartId == null) === (input.lines == null)) {
      throw refuse('INVALID_INPUT', 'Give either the lines to order or the cart that they are in.', ['input', 'lines']);
    }
    if (input.cartId == null) {
      if (input.lines!.length === 0)
        throw refuse('INVALID_INPUT', 'An order needs at least one line.', ['input', 'lines']);
      checkLines(input.lines!, ['input', 'lines']);
      return { lines: input.lines!, channel: input.channel, currency: input.currency };
    }
    const cart = await carts.toOrder(input.cartId, context);
    const { channel, currency } = cart;
    return { ...cart, channel: input.channel ?? channel, currency: input.currency ?? currency, paths: inCart(input) };
  }

  /** Adds a hint if the buyer's own order holds the units that are missing. */
  async function explained(missing: Refusal, actor: Actor): Promise<Refusal> {
    const variantIds = missing.userErrors.map(({ variantId }) => variantId as string);
    return withHints(missing, await queries.holders(variantIds, ownOrders(actor)));
  }

  /** Inserts an order by one statement: it has many parts, and each statement costs the buyer a round trip. */
  async function insert(
    work: Work<Tables>,
    id: string,
    priced: Priced,
    contact: ReturnType<typeof checkContact>,
    { customerId, placedBy }: { customerId: string | null; placedBy: string | null },
  ): Promise<void> {
    const now = clock.now();
    const { number } = await withTimeline(work.sql, id, [{ type: 'PLACED', at: now }])
      .with('line', (sql) =>
        sql
          .insertInto('order_line')
          .values(priced.lines.map((line, position) => lineRow(line, { id: newId('line'), orderId: id, position }))),
      )
      .with('contact', (sql) => sql.insertInto('order_contact').values(contactRow(id, contact)))
      .insertInto('orders')
      .values(orderRow({ id, customerId, placedAt: now, updatedAt: now }, priced))
      .returning('number')
      .executeTakeFirstOrThrow();
    work.publish(orderPlaced, {
      aggregateId: id,
      aggregateVersion: 1,
      payload: {
        orderId: id,
        number,
        customerId,
        placedBy,
        status: 'PENDING',
        channel: priced.channel,
        currency: priced.currency,
        totalAmount: toDecimal(money(priced.total, priced.currency)),
        totalMinor: priced.total.toString(),
        itemsCount: priced.lines.reduce((count, line) => count + line.quantity, 0),
        createdAt: now.toISOString(),
      },
    });
  }
};

/** The outcome that is stored under an idempotency key. */
interface Accepted {
  orderId: string;
  /** Whether it was placed by a caller with `order:write`. */
  byStaff?: true;
}

/** @throws Forbidden to former staff: a replay shows no more of an order than its caller may see now */
function stillTold({ orderId, byStaff }: Accepted, actor: Actor): string {
  if (byStaff && !actor.may('order:write'))
    throw new Forbidden('This was ordered by you as staff. You may no longer see it.');
  return orderId;
}

/** The user who placed the order, if that is not its buyer. */
const placerOf = ({ id, isAuthenticated, customerId: own }: Actor, customerId: string | null): string | null =>
  isAuthenticated && own !== customerId ? id : null;

/**
 * Idempotency keys of guests are told apart by a pseudonym of the e-mail address, which cannot be found out by trying
 * addresses. An address in capitals is the same one, here and in the request.
 */
function onceOf(
  { idempotencyKey: key, ...input }: PlaceOrderInput,
  { actor }: RequestContext,
  { pseudonym }: AgentContext['secrets'],
): IdempotencyKey {
  const request = { ...input, email: input.email?.toLowerCase() };
  const guest = () => `guest:${pseudonym(request.email ?? '', 'guest')}`;
  // The previous release hashed the address as it was written.
  const formerly = input.email === request.email ? undefined : input;
  return { actor: actor.isAuthenticated ? actor.id : guest(), operation: 'placeOrder', key, request, formerly };
}

function checkContact(input: PlaceOrderInput, customerId: string | null, { isAuthenticated }: Actor) {
  if (!customerId && !input.email) {
    const message = isAuthenticated
      ? 'Whom this is ordered for needs an e-mail address: give `email`, or order the cart of a customer.'
      : 'A guest needs an e-mail address to order: give `email`, or sign in.';
    throw refuse('INVALID_INPUT', message, ['input', 'email']);
  }
  if (input.couponCodes?.length) {
    throw refuse('COUPON_NOT_FOUND', `There is no coupon ${input.couponCodes[0]}.`, ['input', 'couponCodes', '0']);
  }
  if (!/^[\w-]+$/.test(input.payment.token)) {
    throw refuse('INVALID_INPUT', 'The payment token has letters, digits, - and _, and nothing else.', [
      'input',
      'payment',
      'token',
    ]);
  }
  const shipping = checkAddress(input.shippingAddress, ['input', 'shippingAddress']);
  const billing = input.billingAddress ? checkAddress(input.billingAddress, ['input', 'billingAddress']) : shipping;
  return { email: input.email ?? null, shipping, billing };
}

const contactRow = (id: string, { email, shipping, billing }: ReturnType<typeof checkContact>) => ({
  orderId: id,
  email,
  shippingAddress: json(shipping),
  billingAddress: json(billing),
});

const orderRow = <Of>(of: Of, priced: Priced) => ({
  ...of,
  number: fragment<string>`'AG-' || nextval('"order".order_number')`,
  channelId: priced.channel,
  currency: priced.currency,
  status: 'PENDING' as const,
  paymentStatus: 'CREATED' as const,
  fulfilmentStatus: 'UNFULFILLED' as const,
  shippingOption: priced.shippingOption,
  subtotalMinor: priced.subtotal,
  discountMinor: 0n,
  shippingMinor: priced.shipping,
  taxMinor: priced.tax,
  taxes: json(priced.taxes),
  totalMinor: priced.total,
  version: 1,
});

function checkTotal({ expectedTotal }: PlaceOrderInput, { total, currency }: Priced): void {
  if (!expectedTotal) return;
  const current = money(total, currency);
  if (expectedTotal.currency === currency && minorOf(expectedTotal) === total) return;
  throw refuse(
    'TOTAL_MISMATCH',
    `The order comes to ${toDecimal(current)} ${currency}, not to ${expectedTotal.amount} ${expectedTotal.currency}: show the buyer the new total.`,
    ['input', 'expectedTotal'],
    { __typename: 'TotalMismatch', currentTotal: current },
  );
}

function minorOf({ amount, currency }: { amount: string; currency: string }): bigint {
  try {
    return fromDecimal(amount, currency).minor;
  } catch (error) {
    throw refuse('INVALID_INPUT', (error as Error).message, ['input', 'expectedTotal', 'amount']);
  }
}

/** Places an order. */
export type PlaceOrder = ReturnType<typeof placing>;
