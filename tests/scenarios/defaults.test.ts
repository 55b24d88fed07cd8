/** Defaults, of variables and of inputs: they hold if nothing is sent, and null is refused where it cannot stand. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Actor } from '../../platform/identity/actor.ts';
import { actor, admin } from '../support/agents.ts';
import { type Answer, openPlatform, type TestPlatform } from '../support/platform.ts';
import { ADDRESS, done, forSale, placed } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const ask = (query: string, as = admin, variables: Record<string, unknown> = {}): Promise<Answer> =>
  shop.ask(query, variables, as);

describe('a default of a variable', () => {
  test('takes effect, in a scalar and within an input, by HTTP and by WebSocket', async () => {
    const variantId = await forSale(shop);
    const price = 'price { amount { amount } } userErrors { code message }';
    const set = (declared: string, input: string): Promise<Answer> =>
      ask(`mutation ($v: ID! = "${variantId}", ${declared}) { setPrice(input: ${input}) { ${price} } }`);
    const one = await done(set('$a: Decimal! = 12.34', '{ variantId: $v, currency: EUR, amount: $a }'));
    const two = await done(set('$a: Decimal = 12', '{ variantId: $v, currency: EUR, amount: $a }'));
    const whole = `$i: SetPriceInput! = { variantId: "${variantId}", currency: EUR, amount: 1.10 }`;
    const three = await done(ask(`mutation (${whole}) { setPrice(input: $i) { ${price} } }`));
    expect([one, two, three].map(({ setPrice }) => setPrice.price.amount.amount)).toEqual(['12.34', '12.00', '1.10']);
    const socket = shop.watch(
      `mutation ($v: ID! = "${variantId}", $a: Decimal! = 12.35) { setPrice(input: { variantId: $v, currency: EUR, amount: $a }) { ${price} } }`,
      {},
      admin,
    );
    const [told] = await socket.until((events) => events.length > 0);
    expect(told.data).toEqual({ setPrice: { price: { amount: { amount: '12.35' } }, userErrors: [] } });
    await socket.stop();
  });
});

/** An operation with a variable `x` in the place of a value that has a default. */
interface Place {
  place: string;
  type: string;
  operation: string;
  /** A guest, if nobody is given. */
  as?: () => Actor;
  /** The answer of the operation by the default. */
  answer: object;
  /** Path of the error of a null; that of the root field, if none is given. */
  path?: readonly string[];
}

describe('a value that must not be null and has a default', () => {
  const buyer = { roles: ['CUSTOMER'] as const, customerId: '' };
  const known: Record<string, unknown> = {};
  const TYPES: Readonly<Record<string, string>> = {
    cart: 'ID!',
    variant: 'ID!',
    customers: '[ID!]',
    users: '[ID!]',
    to: 'AddressInput!',
  };
  const make = (input: string, shown: string): string =>
    `mutation createProduct(input: { merchantId: "merchant_made", name: "Made", ${input} }) { product { ${shown} } userErrors { code } }`;
  const sort = (list: string, field: string, shown: string): string =>
    `query ${list.replace(')', `, orderBy: { field: ${field}, direction: $x })`)} { nodes { ${shown} } }`;

  const PLACES: readonly Place[] = [
    {
      place: 'addToCart.quantity',
      type: 'Int',
      operation:
        'mutation addToCart(input: { cartId: $cart, variantId: $variant, quantity: $x }) { cart { lines { quantity } } userErrors { code } }',
      answer: { cart: { lines: [{ quantity: 1 }] } },
    },
    {
      place: 'createCart.lines',
      type: '[OrderLineInput!]',
      operation: 'mutation createCart(input: { lines: $x }) { cart { lines { quantity } } userErrors { code } }',
      answer: { cart: { lines: [] } },
    },
    {
      place: 'createProduct.description',
      type: 'String',
      operation: make('description: $x', 'description'),
      as: () => admin,
      answer: { product: { description: '' } },
    },
    {
      place: 'createProduct.variants',
      type: '[NewVariantInput!]',
      operation: make('variants: $x', 'variants { id }'),
      as: () => admin,
      answer: { product: { variants: [] } },
    },
    {
      place: 'createProduct.variants.taxClass',
      type: 'TaxClass',
      operation: make('variants: [{ sku: "MADE", name: "One", taxClass: $x }]', 'variants { taxClass }'),
      as: () => admin,
      answer: { product: { variants: [{ taxClass: 'STANDARD' }] } },
    },
    {
      place: 'addAddress.isDefaultShipping',
      type: 'Boolean',
      operation:
        'mutation addAddress(input: { address: $to, isDefaultShipping: $x }) { address { isDefaultShipping } userErrors { code } }',
      as: () => actor(buyer),
      answer: { address: { isDefaultShipping: false } },
    },
    {
      place: 'products.orderBy.direction',
      type: 'OrderDirection',
      operation: sort('products(filter: { merchantId: "merchant_sorted" })', 'NAME', 'name'),
      as: () => admin,
      answer: { nodes: [{ name: 'Ada' }, { name: 'Zoe' }] },
    },
    {
      place: 'orders.orderBy.direction',
      type: 'OrderDirection',
      operation: sort('orders(first: 2)', 'PLACED_AT', 'lines { quantity }'),
      as: () => actor(buyer),
      answer: { nodes: [{ lines: [{ quantity: 2 }] }, { lines: [{ quantity: 1 }] }] },
    },
    {
      place: 'customers.orderBy.direction',
      type: 'OrderDirection',
      operation: sort('customers(filter: { ids: $customers })', 'NAME', 'name'),
      as: () => admin,
      answer: { nodes: [{ name: 'Ada' }, { name: 'Zoe' }] },
    },
    {
      place: 'users.orderBy.direction',
      type: 'OrderDirection',
      operation: sort('users(filter: { ids: $users })', 'EMAIL', 'email'),
      as: () => admin,
      answer: { nodes: [{ email: 'ada@example.com' }, { email: 'zoe@example.com' }] },
    },
    {
      place: 'products.totalCount @include.if',
      type: 'Boolean = true',
      operation: 'query products(filter: { merchantId: "merchant_sorted" }) { totalCount @include(if: $x) }',
      as: () => admin,
      answer: { totalCount: 2 },
      path: ['products', 'totalCount'],
    },
  ];

  const documentOf = (operation: string, type?: string): string => {
    const [, kind, field] = /^(\w+) (.+)$/s.exec(operation)!;
    const used = Object.entries(TYPES).filter(([name]) => operation.includes(`$${name}`));
    const declared = [...used, ...(type ? [['x', type]] : [])].map(([name, of]) => `$${name}: ${of}`).join(', ');
    return `${kind} ${declared && `(${declared})`} { ${field} }`;
  };
  const given = (operation: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(known).filter(([name]) => operation.includes(`$${name}`)));
  /** Counts of all that these operations could write. */
  const written = async () =>
    (
      await sql`select (select count(*) from product.product) as products, (select count(*) from "order".cart) as carts,
      (select sum(quantity) from "order".cart_line) as units, (select count(*) from customer.address) as addresses`.execute(
        shop.kysely,
      )
    ).rows[0];

  beforeAll(async () => {
    const variantId = await forSale(shop);
    const { createCart } = await done(
      shop.ask('mutation { createCart(input: {}) { cart { id } userErrors { code } } }', {}),
    );
    const users: string[] = [];
    for (const name of ['Zoe', 'Ada']) {
      const product = `createProduct(input: { merchantId: "merchant_sorted", name: "${name}" }) { userErrors { code } }`;
      await done(ask(`mutation { ${product} }`));
      const account = `email: "${name.toLowerCase()}@example.com", name: "${name}", password: "long enough for ${name}"`;
      const { signUp } = await done(
        shop.ask(`mutation { signUp(input: { ${account} }) { user { id } userErrors { code } } }`),
      );
      users.push(signUp.user.id);
    }
    const found = await done(
      ask('query ($users: [ID!]) { users(filter: { ids: $users }) { nodes { name customer { id } } } }', admin, {
        users,
      }),
    );
    const accounts: { name: string; customer: { id: string } }[] = found.users.nodes;
    buyer.customerId = accounts.find(({ name }) => name === 'Zoe')!.customer.id;
    for (const quantity of [1, 2]) await placed(shop, { lines: [{ variantId, quantity }] }, actor(buyer));
    Object.assign(known, {
      cart: createCart.cart.id,
      variant: variantId,
      customers: accounts.map(({ customer }) => customer.id),
      users,
      to: ADDRESS,
    });
    // The first address is the default, whatever the input says.
    await done(
      shop.ask(
        'mutation ($to: AddressInput!) { addAddress(input: { address: $to }) { userErrors { code } } }',
        { to: ADDRESS },
        actor(buyer),
      ),
    );
  });

  test.each(PLACES)(
    'is refused if a nullable variable brings null, by HTTP and by WebSocket: $place',
    async ({ place, type, operation, as, path = [place.split('.')[0]!] }) => {
      const before = await written();
      const variables = { ...given(operation), x: null };
      const refusal = {
        message: expect.stringMatching(/^Variable "\$x" is null, and stands where /),
        path,
        extensions: { code: 'BAD_USER_INPUT' },
      };
      const { data, errors } = await shop.ask(documentOf(operation, type), variables, as?.());
      expect([data ?? null, errors]).toMatchObject([null, [refusal]]);
      const socket = shop.watch(documentOf(operation, type), variables, as?.());
      const [told] = await socket.until((events) => events.length > 0);
      expect([told.data ?? null, told.errors]).toMatchObject([null, [refusal]]);
      await socket.stop();
      expect(await written()).toEqual(before);
    },
  );

  test.each(PLACES)('is not valid as a literal null: $place', async ({ operation, as }) => {
    const before = await written();
    const { data, errors } = await shop.ask(documentOf(operation.replace('$x', 'null')), given(operation), as?.());
    expect([data ?? null, errors]).toMatchObject([null, [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]]);
    expect(await written()).toEqual(before);
  });

  test.each(PLACES)('is the default if the variable is not sent: $place', async ({ type, operation, as, answer }) => {
    const data = await done(shop.ask(documentOf(operation, type), given(operation), as?.()));
    expect(Object.values(data)).toEqual([
      { ...answer, ...(operation.startsWith('mutation') ? { userErrors: [] } : {}) },
    ]);
  });

  test('is refused as null within the variable of a whole input', async () => {
    const before = await written();
    const whole = (type: string, field: string, input: object) =>
      shop.ask(`mutation ($input: ${type}!) { ${field}(input: $input) { userErrors { code } } }`, { input }, admin);
    for (const { errors } of [
      await whole('AddToCartInput', 'addToCart', { cartId: known.cart, variantId: known.variant, quantity: null }),
      await whole('CreateProductInput', 'createProduct', { name: 'Made', variants: null }),
    ])
      expect(errors).toMatchObject([
        {
          message: expect.stringMatching(/at "input\.\w+"; Expected non-nullable type/),
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
    expect(await written()).toEqual(before);
  });
});

test('a page size of null is the default, 20, as a literal and in a variable', async () => {
  for (let n = 0; n < 21; n++) {
    const input = `{ merchantId: "merchant_pages", name: "Page ${n}" }`;
    await done(ask(`mutation { createProduct(input: ${input}) { userErrors { code } } }`));
  }
  const page = (first: string): string =>
    `products(first: ${first}, filter: { merchantId: "merchant_pages" }) { nodes { id } }`;
  for (const answer of [
    await ask(`{ ${page('null')} }`),
    await ask(`query ($n: Int) { ${page('$n')} }`, admin, { n: null }),
    await ask(`query ($n: Int = 5) { ${page('$n')} }`, admin, { n: null }),
  ])
    expect([answer.errors, answer.data?.products.nodes.length]).toEqual([undefined, 20]);
  const five = await ask(`query ($n: Int = 5) { ${page('$n')} }`);
  expect(five.data?.products.nodes).toHaveLength(5);
});
