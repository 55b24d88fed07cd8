/**
 * Answers show the current state: after a change the change, and of an entity that no longer exists, or is not the
 * caller's, nothing, however it is asked for.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { actor, admin, operator, viewer } from '../support/agents.ts';
import { type Answer, openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed } from '../support/shop.ts';

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' });
const stranger = actor({ roles: ['MERCHANT'], merchantId: 'merchant_other' });

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const ask = (query: string, as = admin, variables: Record<string, unknown> = {}): Promise<Answer> =>
  shop.ask(query, variables, as);

/** All values at this response key, wherever it stands. */
function all(key: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => all(key, one));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => (name === key ? [one] : all(key, one)));
}

describe('an entity that no longer exists', () => {
  const customer = newCustomer();
  let variantId: string;
  let productId: string;
  let orderId: string;
  let cartId: string;

  /** Each kind of selection of a variant: fields of its owner, of other agents, and nothing but its type. */
  const SELECTIONS = [
    '{ id }',
    '{ __typename }',
    '{ price { amount } availability { available } }',
    '{ name }',
    '{ id sku product { id } price { amount } }',
    '{ __reference: name ... { id } }',
    '{ name @skip(if: true) availability { available } }',
    '{ ...F }',
  ] as const;
  const query = (selection: string, before: string, after: string): string =>
    `${before} { ${after.replace('$', `variant ${selection}`)} } ${selection.includes('...F') ? 'fragment F on ProductVariant { id }' : ''}`;

  beforeAll(async () => {
    [variantId, cartId] = await Promise.all([
      forSale(shop),
      done(ask('mutation { createCart(input: {}) { cart { id } userErrors { code } } }', customer)).then(
        ({ createCart }) => createCart.cart.id as string,
      ),
    ]);
    const found = await done(ask(`{ productVariant(id: "${variantId}") { product { id } } }`));
    productId = found.productVariant.product.id;
    const add = `mutation { addToCart(input: { cartId: "${cartId}", variantId: "${variantId}" }) { cart { lines { variant { id name } } } userErrors { code } } }`;
    expect(all('variant', await done(ask(add, customer)))).toEqual([{ id: variantId, name: 'One' }]);
    orderId = (await placed(shop, { lines: [{ variantId, quantity: 1 }] }, customer)).order.id;
    await done(
      ask(`mutation { archiveProduct(input: { id: "${productId}" }) { product { status } userErrors { code } } }`),
    );
  });

  test.each(SELECTIONS)('is null without an error in orders and carts: variant %s', async (selection) => {
    for (const at of [
      `order(id: "${orderId}") { lines { $ } }`,
      'orders { nodes { lines { $ } } }',
      `cart(id: "${cartId}") { lines { $ } }`,
    ]) {
      const { data, errors } = await ask(query(selection, 'query', at), customer);
      expect([at, errors, all('variant', data)]).toEqual([at, undefined, [null]]);
    }
  });

  test.each(SELECTIONS)('is null without an error in live updates: variant %s', async (selection) => {
    const watch = shop.watch(
      query(selection, 'subscription', `orderUpdated(orderId: "${orderId}") { order { lines { $ } } }`),
      {},
      customer,
    );
    // The updates of one order begin with its first.
    const [first] = await watch.until((events) => events.length > 0);
    expect([first.errors, all('variant', first.data)]).toEqual([undefined, [null]]);
    await watch.stop();
  });

  test('is shown to those who may still see it: its merchant, and staff', async () => {
    const whole = 'variant { id name }';
    const told = { id: variantId, name: 'One' };
    expect(all('variant', await done(ask(`{ order(id: "${orderId}") { lines { ${whole} } } }`, viewer)))).toEqual([
      told,
    ]);
    const own = await done(ask(`{ stockLevels(variantId: "${variantId}") { ${whole} } }`, merchant));
    expect(all('variant', own)).toEqual([told]);
    const others = await ask(`{ stockLevels(variantId: "${variantId}") { variant { id } } }`, stranger);
    expect([others.errors, all('variant', others.data)]).toEqual([undefined, []]);
  });

  test.each(['{ id }', '{ __typename }', '{ name }', '{ unreadMessages }'])(
    'is null without an error as the customer of an order: customer %s',
    async (selection) => {
      const { data, errors } = await ask(`{ order(id: "${orderId}") { customer ${selection} } }`);
      expect([errors, data.order]).toEqual([undefined, { customer: null }]);
    },
  );
});

describe('the customer of an order', () => {
  const SIGN_UP = `mutation ($input: SignUpInput!) { signUp(input: $input) { user { id customer { id } } userErrors { code } } }`;

  test('is null without an error for an analyst, who sees the order, and a name for staff who may know it', async () => {
    const input = { name: 'Ada Example', email: `${newId('ada')}@example.com`, password: 'correct horse battery' };
    const { user } = (await done(ask(SIGN_UP, undefined, { input }))).signUp;
    const buyer = actor({ id: user.id, roles: ['CUSTOMER'], customerId: user.customer.id });
    const { order } = await placed(shop, { lines: [{ variantId: await forSale(shop), quantity: 1 }] }, buyer);
    const analyst = actor({ roles: ['ANALYST'] });
    for (const selection of ['{ id }', '{ __typename }', '{ name }', '{ id name email }']) {
      const { data, errors } = await ask(`{ order(id: "${order.id}") { id customer ${selection} } }`, analyst);
      expect([selection, errors, data]).toEqual([selection, undefined, { order: { id: order.id, customer: null } }]);
    }
    for (const who of [buyer, operator]) {
      const shown = await done(ask(`{ order(id: "${order.id}") { customer { name } } }`, who));
      expect(shown.order.customer).toEqual({ name: 'Ada Example' });
    }
  });
});

describe('the prices of a variant', () => {
  test('are listed for its merchant, for no other one, and a customer is told which scope is missing', async () => {
    const variantId = await forSale(shop, { price: '7.00' });
    const query = `{ prices(variantId: "${variantId}") { id version amount { amount currency } } }`;
    const price = { id: expect.stringMatching(/^price_/), version: 1, amount: { amount: '7.00', currency: 'EUR' } };
    expect((await done(ask(query, merchant))).prices).toEqual([price]);
    expect((await done(ask(query, stranger))).prices).toEqual([]);
    const refused = await ask(query, newCustomer());
    expect(refused).toMatchObject({
      data: { prices: null },
      errors: [
        {
          message: 'Query.prices needs the scope pricing:read or pricing:write: you do not have that.',
          path: ['prices'],
          extensions: { code: 'FORBIDDEN' },
        },
      ],
    });
    expect(refused.errors).toHaveLength(1);
  });
});

describe('after a change in the same request', () => {
  let variantId: string;
  let productId: string;
  let locationId: string;
  beforeAll(async () => {
    variantId = await forSale(shop);
    const { productVariant } = await done(ask(`{ productVariant(id: "${variantId}") { product { id } } }`));
    productId = productVariant.product.id;
    const { stockLevels } = await done(ask(`{ stockLevels(variantId: "${variantId}") { location { id } } }`));
    locationId = stockLevels[0].location.id;
  });

  const setPrice = (amount: string, selection: string): string =>
    `setPrice(input: { variantId: "${variantId}", currency: EUR, amount: "${amount}" }) { ${selection} userErrors { code } }`;
  const adjust = (delta: number, selection: string): string =>
    `adjustStock(input: { variantId: "${variantId}", locationId: "${locationId}", delta: ${delta}, reason: "x", idempotencyKey: "${newId('key')}" }) { ${selection} userErrors { code } }`;

  test('a price', async () => {
    const price = 'price { version amount { amount } variant { price { amount } } }';
    const { a, b, c } = await done(
      ask(`mutation { a: ${setPrice('50.00', price)} b: ${setPrice('51.00', price)} c: ${setPrice('52.00', price)} }`),
    );
    const told = (amount: string, version: number) => ({ version, amount: { amount }, variant: { price: { amount } } });
    // The shop set the first price.
    expect([a.price, b.price, c.price]).toEqual([told('50.00', 2), told('51.00', 3), told('52.00', 4)]);
  });

  test("stock, and another agent's view of it between two changes", async () => {
    const level = 'stockLevel { onHand variant { availability { available } price { amount } } }';
    const answer = await done(
      ask(
        `mutation { a: ${adjust(10, level)} p: ${setPrice('14.00', 'price { variant { availability { available } } }')} b: ${adjust(10, level)} }`,
      ),
    );
    const [before, after] = [answer.a.stockLevel, answer.b.stockLevel];
    // Of the 100 that the shop began with.
    expect([before.onHand, after.onHand]).toEqual([110, 120]);
    expect([before, after].map(({ variant }) => variant.availability.available)).toEqual([110, 120]);
    expect(answer.p.price.variant.availability).toEqual(before.variant.availability);
    expect([before.variant.price.amount, after.variant.price.amount]).toEqual(['52.00', '14.00']);
  });

  test('variants of a product, and its name as another agent shows it', async () => {
    const add = (key: string): string =>
      `${key}: addProductVariant(input: { productId: "${productId}", variant: { sku: "${key}-${newId('key')}", name: "${key}" } }) { variant { product { variants { name } } } userErrors { code } }`;
    const { b, c } = await done(ask(`mutation { ${add('b')} ${add('c')} }`));
    const names = (one: { variant: { product: { variants: { name: string }[] } } }) =>
      one.variant.product.variants.map(({ name }) => name);
    expect([names(b), names(c)]).toEqual([
      ['One', 'b'],
      ['One', 'b', 'c'],
    ]);
    const { product } = await done(ask(`{ product(id: "${productId}") { version } }`));
    const rename = (key: string, name: string, version: number): string =>
      `${key}: updateProduct(input: { id: "${productId}", name: "${name}", expectedVersion: ${version} }) { product { version } userErrors { code } }`;
    const shown = 'price { variant { product { name } } }';
    const answer = await done(
      ask(
        `mutation { ${rename('x', 'Lamp', product.version)} y: ${setPrice('15.00', shown)} ${rename('z', 'Sun', product.version + 1)} w: ${setPrice('16.00', shown)} }`,
      ),
    );
    expect(all('name', [answer.y, answer.w])).toEqual(['Lamp', 'Sun']);
  });

  test('the version of a product, which is good for the next change', async () => {
    const key = newId('key');
    const { createProduct } = await done(
      ask(
        `mutation { createProduct(input: { merchantId: "merchant_test", name: "S ${key}" }) { product { id version } userErrors { code } } }`,
      ),
    );
    expect(createProduct.product.version).toBe(1);
    const { id } = createProduct.product;
    const add = (name: string): string =>
      `${name}: addProductVariant(input: { productId: "${id}", variant: { sku: "${name}-${key}", name: "${name}" } }) { variant { product { version variants { sku } } } userErrors { code } }`;
    const { a, b } = await done(ask(`mutation { ${add('a')} ${add('b')} }`));
    expect([a.variant.product, b.variant.product]).toEqual([
      { version: 2, variants: [{ sku: `a-${key}` }] },
      { version: 3, variants: [{ sku: `a-${key}` }, { sku: `b-${key}` }] },
    ]);
    await done(
      ask(
        `mutation { updateProduct(input: { id: "${id}", name: "T", expectedVersion: ${b.variant.product.version} }) { product { id } userErrors { code } } }`,
      ),
    );
  });

  test('categories below one another', async () => {
    const { top } = await done(
      ask(
        `mutation { top: createCategory(input: { name: "Top ${newId('key')}" }) { category { id } userErrors { code } } }`,
      ),
    );
    const below = (key: string): string =>
      `${key}: createCategory(input: { name: "${key} ${newId('key')}", parentId: "${top.category.id}" }) { category { parent { children { id } } } userErrors { code } }`;
    const { a, b } = await done(ask(`mutation { ${below('a')} ${below('b')} }`));
    expect([a, b].map(({ category }) => category.parent.children.length)).toEqual([1, 2]);
  });

  test('a cart', async () => {
    const customer = newCustomer();
    const { createCart } = await done(
      ask('mutation { createCart(input: {}) { cart { id } userErrors { code } } }', customer),
    );
    const add = (key: string): string =>
      `${key}: addToCart(input: { cartId: "${createCart.cart.id}", variantId: "${variantId}" }) { cart { lines { quantity } totals(country: "FR") { total { amount } } } userErrors { code } }`;
    const { a, b, c } = await done(ask(`mutation { ${add('a')} ${add('b')} ${add('c')} }`, customer));
    expect(all('quantity', [a, b, c])).toEqual([1, 2, 3]);
    expect(new Set(all('amount', [a, b, c])).size).toBe(3);
  });
});

describe('an empty text is no id', () => {
  test('a price for the channel "" is refused, and not set for all channels', async () => {
    const variantId = await forSale(shop);
    const { setPrice } = (
      await ask(
        `mutation { setPrice(input: { variantId: "${variantId}", currency: EUR, amount: "1", channel: "" }) { price { id } userErrors { code path } } }`,
      )
    ).data;
    expect(setPrice).toEqual({ price: null, userErrors: [{ code: 'NOT_FOUND', path: ['input', 'channel'] }] });
  });

  test.each([
    ['{ product(id: "") { id } }', { product: null }],
    ['{ productVariant(id: "") { id } }', { productVariant: null }],
    ['{ order(id: "") { id } }', { order: null }],
    ['{ channel(id: "") { id } }', { channel: null }],
    ['{ categories(parentId: "") { id } }', { categories: [] }],
    ['{ orders(filter: { customerId: "" }) { nodes { id } } }', { orders: { nodes: [] } }],
    ['{ products(filter: { merchantId: "" }) { nodes { id } } }', { products: { nodes: [] } }],
    ['{ movements(filter: { variantId: "" }) { nodes { id } } }', { movements: { nodes: [] } }],
  ])('%s', async (query, data) => {
    const answer = await ask(query);
    expect([answer.data, answer.errors]).toEqual([data, undefined]);
  });

  test('orderUpdated(orderId: "") follows no order, and not all', async () => {
    const watch = shop.watch('subscription { orderUpdated(orderId: "") { cursor } }', {}, admin);
    await watch.ended;
    expect([watch.events, watch.failure]).toEqual([[], undefined]);
  });
});
