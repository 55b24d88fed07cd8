/** For this room's tests: the agents that orders need, but for orchestration, so that a test takes each step itself. */
import { newId } from '../../platform/ids.ts';
import { actor, admin, openAgents, service } from '../../tests/support/agents.ts';
import type { TimelineEntryType } from './entities.ts';

/** The time when tests begin. */
export const NOW = new Date('2026-06-01T12:00:00Z');
/** The destination of all orders. */
export const ADDRESS = {
  name: 'Ada Example',
  line1: '1 rue de la Paix',
  city: 'Paris',
  postcode: '75002',
  country: 'FR',
};

/** A new customer. */
export const newCustomer = () => actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
/** The guest who holds the token of an order. */
export const guestOf = (orderId: string) => actor({ id: `guest:${orderId}`, roles: ['GUEST'], orderId });

const ERRORS = 'userErrors { __typename code message path ... on VersionConflict { currentVersion } }';
const ORDER = `id number status paymentStatus cancellationReason version placedAt email shippingAddress { city } subtotal { minor } total { minor }
  lines { quantity } timeline { type message }`;
const CART = `cart { id version currency channelId lines { quantity variant { id } } order { id } totals(country: "FR") { total { minor } } } ${ERRORS}`;
const PROBLEMS = `query ($id: ID!, $shippingOption: String) { cart(id: $id) {
  totals(country: "FR", shippingOption: $shippingOption) { total { minor } }
  problems(country: "FR", shippingOption: $shippingOption) { code message variantId } } }`;

export type Orders = Awaited<ReturnType<typeof openOrders>>;

/** Opens the agents, with helpers to sell, order and take steps. */
export async function openOrders() {
  const agents = await openAgents(['order', 'product', 'pricing', 'inventory', 'identity', 'customer', 'payment']);
  let made = 0;

  const there = { code: 'ONE', name: 'One', city: 'Lyon', country: 'FR' };
  const { location } = await agents.mutate('createLocation', there, 'location { id }');

  const price = (variantId: string, currency: string, amount: string) =>
    agents.mutate('setPrice', { variantId, currency, amount }, 'userErrors { code }');

  /** A variant for sale, at ten euros. */
  const variant = async (stock = 100): Promise<string> => {
    const input = {
      name: `Thing ${++made}`,
      merchantId: 'merchant_a',
      variants: [{ sku: `THING-${made}`, name: 'One' }],
    };
    const { product } = await agents.mutate('createProduct', input, 'product { id variants { id } }');
    await agents.mutate('publishProduct', { id: product.id });
    const variantId = product.variants[0].id as string;
    await price(variantId, 'EUR', '10.00');
    const stocked = {
      variantId,
      locationId: location.id,
      delta: stock,
      reason: 'test',
      idempotencyKey: newId('key'),
    };
    if (stock > 0) await agents.mutate('adjustStock', stocked);
    return variantId;
  };

  const place = (input: object, as = newCustomer()) => {
    const filled = { shippingAddress: ADDRESS, payment: { token: 'tok_ok' }, idempotencyKey: newId('key'), ...input };
    return agents.mutate('placeOrder', filled, `order { ${ORDER} } saga { id } orderToken ${ERRORS}`, as);
  };

  /** A step of the saga that carries an order. */
  const step = (
    field: string,
    orderId: string,
    paymentStatus: string,
    entries: TimelineEntryType[] = [],
    as = service,
  ) => {
    const told = entries.map((tells) => ({ tells, at: agents.clock.now().toISOString() }));
    return agents.mutate(field, { orderId, paymentStatus, story: told }, 'status userErrors { code }', as);
  };

  return {
    agents,
    variant,
    price,
    place,
    /** An order of one piece. */
    async placed(as = newCustomer(), input: object = {}): Promise<string> {
      const { order } = await place({ lines: [{ variantId: await variant(), quantity: 1 }], ...input }, as);
      return order.id;
    },
    read: (id: string, as = admin) => agents.query('order', { id }, ORDER, as),
    page: async (args: string, as = admin) => {
      const query = `{ orders(${args}) { nodes { id status } pageInfo { hasNextPage endCursor } totalCount } }`;
      return (await agents.data('order', query, {}, as)).orders;
    },
    confirm: (orderId: string, told?: TimelineEntryType[]) => step('confirmOrder', orderId, 'AUTHORIZED', told),
    process: (orderId: string, told?: TimelineEntryType[]) => step('startProcessing', orderId, 'CAPTURED', told),
    confirmPaid: (orderId: string, told?: TimelineEntryType[]) => step('confirmPaidOrder', orderId, 'CAPTURED', told),
    awaitAction: (orderId: string) => step('awaitPaymentAction', orderId, 'REQUIRES_ACTION', ['STOCK_RESERVED']),
    /** A command of the saga to the payment agent; with a token, it begins the payment. */
    pay: async (
      orderId: string,
      what: 'authorisePayment' | 'capturePayment' | 'cancelPayment',
      token?: string,
    ): Promise<void> => {
      const begin = token && { token, amount: { amount: '12.00', currency: 'EUR' } };
      const input = {
        orderId,
        idempotencyKey: newId('key'),
        ...(what === 'cancelPayment' && { reason: 'r' }),
        ...begin,
      };
      await agents.mutate(what, input, 'userErrors { code }', service);
    },
    completeCancellation: (input: { orderId: string; reason: string; paymentStatus?: string; story?: object[] }) =>
      agents.mutate('completeCancellation', { story: [], ...input }, 'status userErrors { code }', service),
    cancel: (orderId: string, as = admin, more: object = {}) => {
      const input = { orderId, idempotencyKey: newId('key'), ...more };
      return agents.mutate('cancelOrder', input, `order { ${ORDER} } saga { id } ${ERRORS}`, as);
    },
    createCart: (input: object = {}, as = newCustomer()) => agents.mutate('createCart', { ...input }, CART, as),
    addToCart: (input: object, as = newCustomer()) => agents.mutate('addToCart', { ...input }, CART, as),
    updateCartLine: (input: object, as = newCustomer()) => agents.mutate('updateCartLine', { ...input }, CART, as),
    problemsOf: async (id: string, as = newCustomer(), shippingOption?: string) =>
      (await agents.data('order', PROBLEMS, { id, shippingOption }, as)).cart,
    /** Archives the product of a variant. */
    archive: async (variantId: string): Promise<void> => {
      const of = await agents.kysely
        .selectFrom('product.variant')
        .select('productId')
        .where('id', '=', variantId)
        .executeTakeFirstOrThrow();
      await agents.mutate('archiveProduct', { id: of.productId });
    },
    readCart: (id: string, as = newCustomer()) =>
      agents.query('cart', { id }, 'id version lines { quantity variant { id } } order { id }', as),
  };
}
