/** For this room's tests: an order's world without who carries orders out, so that a test takes each step itself. */
import { newId } from '../../platform/ids.ts';
import { actor, admin, openAgents, service } from '../../tests/support/agents.ts';
import type { TimelineEntryType } from './entities.ts';

/** When tests begin. */
export const NOW = new Date('2026-06-01T12:00:00Z');
/** Where everything goes. */
export const ADDRESS = {
  name: 'Ada Example',
  line1: '1 rue de la Paix',
  city: 'Paris',
  postcode: '75002',
  country: 'FR',
};

/** A new customer. */
export const newCustomer = () => actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
/** Who holds the token of a guest's order. */
export const guestOf = (orderId: string) => actor({ id: `guest:${orderId}`, roles: ['GUEST'], orderId });

const ERRORS = 'userErrors { __typename code message path ... on VersionConflict { currentVersion } }';
const ORDER = `id number status paymentStatus cancellationReason version placedAt email shippingAddress { city } subtotal { minor } total { minor }
  lines { quantity } timeline { type message }`;
const CART = `cart { id version currency channelId lines { quantity variant { id } } order { id } totals(country: "FR") { total { minor } } } ${ERRORS}`;
const PROBLEMS = `query ($id: ID!, $shippingOption: String) { cart(id: $id) {
  totals(country: "FR", shippingOption: $shippingOption) { total { minor } }
  problems(country: "FR", shippingOption: $shippingOption) { code message variantId } } }`;

export type Orders = Awaited<ReturnType<typeof openOrders>>;

/** Opens them. */
export async function openOrders() {
  const agents = await openAgents(['order', 'product', 'pricing', 'inventory', 'identity', 'customer', 'payment']);
  let made = 0;

  const ask = async (query: string, variables: Record<string, unknown> = {}, as = admin, agent = 'order') => {
    const result = await agents.ask(agent, query, variables, as);
    if (result.errors) throw result.errors[0]!;
    return result.data;
  };
  const run = async (type: string, field: string, selection: string, input: object, as = admin, agent = 'order') =>
    (await ask(`mutation ($input: ${type}!) { it: ${field}(input: $input) { ${selection} } }`, { input }, as, agent))
      .it;

  const location = await run(
    'CreateLocationInput',
    'createLocation',
    'location { id }',
    { code: 'ONE', name: 'One', city: 'Lyon', country: 'FR' },
    admin,
    'inventory',
  );

  const price = (variantId: string, currency: string, amount: string) =>
    run('SetPriceInput', 'setPrice', 'userErrors { code }', { variantId, currency, amount }, admin, 'pricing');

  /** A variant for sale, at ten euros. */
  const variant = async (stock = 100): Promise<string> => {
    const input = {
      name: `Thing ${++made}`,
      merchantId: 'merchant_a',
      variants: [{ sku: `THING-${made}`, name: 'One' }],
    };
    const { product } = await run(
      'CreateProductInput',
      'createProduct',
      'product { id variants { id } }',
      input,
      admin,
      'product',
    );
    await run(
      'ChangeProductStatusInput',
      'publishProduct',
      'userErrors { code }',
      { id: product.id },
      admin,
      'product',
    );
    const variantId = product.variants[0].id as string;
    await price(variantId, 'EUR', '10.00');
    const stocked = {
      variantId,
      locationId: location.location.id,
      delta: stock,
      reason: 'test',
      idempotencyKey: newId('key'),
    };
    if (stock > 0) await run('AdjustStockInput', 'adjustStock', 'userErrors { code }', stocked, admin, 'inventory');
    return variantId;
  };

  const place = (input: object, as = newCustomer()) => {
    const filled = { shippingAddress: ADDRESS, payment: { token: 'tok_ok' }, idempotencyKey: newId('key'), ...input };
    return run('PlaceOrderInput', 'placeOrder', `order { ${ORDER} } saga { id } orderToken ${ERRORS}`, filled, as);
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
    return run('OrderProgressInput', field, 'status userErrors { code }', { orderId, paymentStatus, story: told }, as);
  };

  return {
    agents,
    ask,
    variant,
    price,
    place,
    /** An order of one piece. */
    async placed(as = newCustomer(), input: object = {}): Promise<string> {
      const { order } = await place({ lines: [{ variantId: await variant(), quantity: 1 }], ...input }, as);
      return order.id;
    },
    read: async (id: string, as = admin) =>
      (await ask(`query ($id: ID) { order(id: $id) { ${ORDER} } }`, { id }, as)).order,
    page: async (args: string, as = admin) =>
      (await ask(`{ orders(${args}) { nodes { id status } pageInfo { hasNextPage endCursor } totalCount } }`, {}, as))
        .orders,
    confirm: (orderId: string, told?: TimelineEntryType[]) => step('confirmOrder', orderId, 'AUTHORIZED', told),
    process: (orderId: string, told?: TimelineEntryType[]) => step('startProcessing', orderId, 'CAPTURED', told),
    awaitAction: (orderId: string) => step('awaitPaymentAction', orderId, 'REQUIRES_ACTION', ['STOCK_RESERVED']),
    /** What the saga has payment do; with a token, it begins the payment. */
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
      const type = `${what[0]!.toUpperCase()}${what.slice(1)}Input`;
      await run(type, what, 'userErrors { code }', input, service, 'payment');
    },
    completeCancellation: (input: { orderId: string; reason: string; paymentStatus?: string; story?: object[] }) =>
      run(
        'CompleteCancellationInput',
        'completeCancellation',
        'status userErrors { code }',
        { story: [], ...input },
        service,
      ),
    cancel: (orderId: string, as = admin, input: object = {}) =>
      run(
        'CancelOrderInput',
        'cancelOrder',
        `order { ${ORDER} } saga { id } ${ERRORS}`,
        { orderId, idempotencyKey: newId('key'), ...input },
        as,
      ),
    createCart: (input: object = {}, as = newCustomer()) => run('CreateCartInput', 'createCart', CART, input, as),
    addToCart: (input: object, as = newCustomer()) => run('AddToCartInput', 'addToCart', CART, input, as),
    updateCartLine: (input: object, as = newCustomer()) =>
      run('UpdateCartLineInput', 'updateCartLine', CART, input, as),
    problemsOf: async (id: string, as = newCustomer(), shippingOption?: string) =>
      (await ask(PROBLEMS, { id, shippingOption }, as)).cart,
    /** Has a variant's product taken off the shelf. */
    archive: async (variantId: string): Promise<void> => {
      const of = await agents.kysely
        .selectFrom('product.variant')
        .select('productId')
        .where('id', '=', variantId)
        .executeTakeFirstOrThrow();
      const input = { id: of.productId };
      await run('ChangeProductStatusInput', 'archiveProduct', 'userErrors { code }', input, admin, 'product');
    },
    readCart: async (id: string, as = newCustomer()) =>
      (
        await ask(
          'query ($id: ID!) { cart(id: $id) { id version lines { quantity variant { id } } order { id } } }',
          { id },
          as,
        )
      ).cart,
  };
}
