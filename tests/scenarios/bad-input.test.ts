import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';
import { ADDRESS, done, forSale, newCustomer, place } from '../support/shop.ts';
import { actor } from '../support/agents.ts';

let shop: SigningPlatform;
let variantId: string;
let lines: { variantId: string; quantity: number }[];
const buyer = newCustomer();
beforeAll(async () => {
  shop = await openPlatform();
  variantId = await forSale(shop, { price: '10.00', stock: 20_000 });
  lines = [{ variantId, quantity: 1 }];
});
afterAll(() => shop.close());

/** Counts of everything that an order could leave behind; events of agents about themselves go on meanwhile. */
const written = async () =>
  (
    await sql`select (select count(*) from "order".orders) as orders, (select count(*) from "order".cart) as carts,
    (select count(*) from "order".idempotency) as keys, (select count(*) from platform.event_log where aggregate_type <> 'agent') as events,
    (select count(*) from dbos.workflow_status) as sagas`.execute(shop.kysely)
  ).rows[0];

let before: unknown;
beforeEach(async () => {
  before = await written();
});
afterEach(async () => expect(await written()).toEqual(before));

describe('an order is refused, with a code, a sentence and the place in the input,', () => {
  const refusals: [string, () => object, object][] = [
    [
      'of an unknown variant',
      () => ({ lines: [{ variantId: 'variant_none', quantity: 1 }] }),
      { code: 'VARIANT_NOT_FOUND', path: ['input', 'lines', '0', 'variantId'] },
    ],
    [
      'of more than there is',
      () => ({
        lines: [
          { variantId, quantity: 9_999 },
          { variantId, quantity: 9_999 },
          { variantId, quantity: 9_999 },
        ],
      }),
      { code: 'INSUFFICIENT_STOCK', path: ['input', 'lines', '0', 'quantity'], available: 20_000 },
    ],
    ['of nothing', () => ({ lines: [] }), { code: 'INVALID_INPUT', path: ['input', 'lines'] }],
    ['of 101 lines', () => ({ lines: Array(101).fill(lines[0]) }), { code: 'INVALID_INPUT', path: ['input', 'lines'] }],
    ['of lines and a cart', () => ({ lines, cartId: 'cart_x' }), { code: 'INVALID_INPUT', path: ['input', 'lines'] }],
    ['of neither lines nor a cart', () => ({}), { code: 'INVALID_INPUT', path: ['input', 'lines'] }],
    ['of a cart that is not there', () => ({ cartId: 'cart_none' }), { code: 'NOT_FOUND', path: ['input', 'cartId'] }],
    [
      'in a currency that the variant has no price in',
      () => ({ lines, currency: 'JPY' }),
      { code: 'PRICE_NOT_AVAILABLE', path: ['input', 'lines', '0', 'variantId'] },
    ],
    [
      'in a currency that the channel does not sell in',
      () => ({ lines, currency: 'CHF' }),
      { code: 'CURRENCY_NOT_AVAILABLE', path: ['input', 'currency'] },
    ],
    [
      'through an unknown channel',
      () => ({ lines, channel: 'channel_none' }),
      { code: 'CHANNEL_NOT_FOUND', path: ['input', 'channel'] },
    ],
    [
      'by an unknown way of shipping',
      () => ({ lines, shippingOption: 'by-camel' }),
      { code: 'SHIPPING_OPTION_NOT_FOUND', path: ['input', 'shippingOption'] },
    ],
    [
      'for another total',
      () => ({ lines, expectedTotal: { amount: '9.99', currency: 'EUR' } }),
      {
        code: 'TOTAL_MISMATCH',
        path: ['input', 'expectedTotal'],
        currentTotal: { amount: expect.stringMatching(/^\d+\.\d\d$/) },
      },
    ],
    [
      'for a total in another currency',
      () => ({ lines, expectedTotal: { amount: '9.99', currency: 'USD' } }),
      { code: 'TOTAL_MISMATCH', path: ['input', 'expectedTotal'] },
    ],
    [
      'for a total with too many decimals',
      () => ({ lines, expectedTotal: { amount: '9.999', currency: 'EUR' } }),
      { code: 'INVALID_INPUT', path: ['input', 'expectedTotal', 'amount'] },
    ],
    [
      'to a blank city',
      () => ({ lines, shippingAddress: { ...ADDRESS, city: ' \t' } }),
      { code: 'INVALID_INPUT', path: ['input', 'shippingAddress', 'city'] },
    ],
    [
      'to a street that is too long',
      () => ({ lines, shippingAddress: { ...ADDRESS, line1: 'x'.repeat(201) } }),
      { code: 'INVALID_INPUT', path: ['input', 'shippingAddress', 'line1'] },
    ],
    [
      'billed to somebody without a name',
      () => ({ lines, billingAddress: { ...ADDRESS, name: '' } }),
      { code: 'INVALID_INPUT', path: ['input', 'billingAddress', 'name'] },
    ],
    [
      'to a street with a NUL in it',
      () => ({ lines, shippingAddress: { ...ADDRESS, line1: 'a\u0000b' } }),
      { code: 'INVALID_INPUT', path: ['input', 'shippingAddress', 'line1'] },
    ],
    [
      'to a street with half a character in it',
      () => ({ lines, shippingAddress: { ...ADDRESS, line1: 'a\ud800b' } }),
      { code: 'INVALID_INPUT', path: ['input', 'shippingAddress', 'line1'] },
    ],
    [
      'with a coupon that there is none of',
      () => ({ lines, couponCodes: ['SUMMER'] }),
      { code: 'COUPON_NOT_FOUND', path: ['input', 'couponCodes', '0'] },
    ],
    [
      'with a payment token with spaces',
      () => ({ lines, token: 'tok ok' }),
      { code: 'INVALID_INPUT', path: ['input', 'payment', 'token'] },
    ],
    [
      'with an empty idempotency key',
      () => ({ lines, idempotencyKey: '' }),
      { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
    ],
    [
      'with an idempotency key of 256 characters',
      () => ({ lines, idempotencyKey: 'k'.repeat(256) }),
      { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
    ],
    [
      'with an idempotency key with a NUL in it',
      () => ({ lines, idempotencyKey: 'a\u0000b' }),
      { code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] },
    ],
  ];
  for (const [quantity] of [[0], [-1], [10_001], [1_000_000_000]] as const) {
    refusals.push([
      `of ${quantity} pieces`,
      () => ({ lines: [{ variantId, quantity }] }),
      { code: 'INVALID_INPUT', path: ['input', 'lines', '0', 'quantity'] },
    ]);
  }

  test.each(refusals)('%s', async (_, input, error) => {
    const { data, errors, status } = await place(shop, input() as never, buyer);
    expect({ errors, status }).toEqual({ errors: undefined, status: 200 });
    expect(data.placeOrder).toMatchObject({
      order: null,
      saga: null,
      userErrors: [{ message: expect.stringMatching(/^.{10,}[.]$/s), ...error }],
    });
  });

  test('for an unknown variant that is not in stock either, every time with the same code', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => place(shop, { lines: [{ variantId: 'variant_none', quantity: 5 }] }, buyer)),
    );
    expect(new Set(answers.map(({ data }) => data.placeOrder.userErrors[0].code))).toEqual(
      new Set(['VARIANT_NOT_FOUND']),
    );
  });

  test('for a variant that was withdrawn', async () => {
    const at = sql`update product.product set status = 'ARCHIVED'`;
    await at.execute(shop.kysely);
    const { data } = await place(shop, { lines }, buyer);
    await sql`update product.product set status = 'ACTIVE'`.execute(shop.kysely);
    expect(data.placeOrder.userErrors).toMatchObject([{ code: 'VARIANT_NOT_FOUND' }]);
  });
});

describe('a cart is refused', () => {
  const CREATE = `mutation ($input: CreateCartInput!) { createCart(input: $input) { cart { id } userErrors { code path } } }`;
  const refusals: [string, () => object, object][] = [
    [
      'with more of one variant than a line may hold, over its lines',
      () => ({
        lines: [
          { variantId, quantity: 10_000 },
          { variantId, quantity: 1 },
        ],
      }),
      { code: 'INVALID_INPUT' },
    ],
    [
      'with nothing of something',
      () => ({ lines: [{ variantId, quantity: 0 }] }),
      { code: 'INVALID_INPUT', path: ['input', 'lines', '0', 'quantity'] },
    ],
    [
      'with an unknown variant',
      () => ({ lines: [{ variantId: 'variant_none', quantity: 1 }] }),
      { code: 'VARIANT_NOT_FOUND' },
    ],
    [
      'in an unknown channel',
      () => ({ channel: 'nowhere' }),
      { code: 'CHANNEL_NOT_FOUND', path: ['input', 'channel'] },
    ],
    [
      'in a currency that the channel does not sell in',
      () => ({ currency: 'CHF' }),
      { code: 'CURRENCY_NOT_AVAILABLE', path: ['input', 'currency'] },
    ],
  ];
  test.each(refusals)('%s', async (_, input, error) => {
    const { data, errors } = await shop.ask(CREATE, { input: input() }, buyer);
    expect(errors).toBeUndefined();
    expect(data.createCart).toMatchObject({ cart: null, userErrors: [error] });
  });
});

const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
const order = (change: object = {}) => ({
  lines,
  shippingAddress: ADDRESS,
  payment: { token: 'tok_ok' },
  idempotencyKey: 'bad',
  ...change,
});

describe('an operation that does not fit the schema is refused as a whole:', () => {
  const variables: [string, () => object, RegExp][] = [
    ['a quantity beyond 32 bits', () => ({ input: order({ lines: [{ variantId, quantity: 2 ** 31 }] }) }), /32-bit/],
    [
      'a quantity that is a word',
      () => ({ input: order({ lines: [{ variantId, quantity: 'two' }] }) }),
      /Int cannot represent/,
    ],
    [
      'a quantity that is a fraction',
      () => ({ input: order({ lines: [{ variantId, quantity: 1.5 }] }) }),
      /Int cannot represent/,
    ],
    ['an unknown country', () => ({ input: order({ shippingAddress: { ...ADDRESS, country: 'XX' } }) }), /country/],
    [
      'an address without a city',
      () => ({ input: order({ shippingAddress: { ...ADDRESS, city: undefined } }) }),
      /city/,
    ],
    ['an e-mail address that is none', () => ({ input: order({ email: 'nobody at example.com' }) }), /e-mail/],
    ['a currency that is none', () => ({ input: order({ currency: 'EURO' }) }), /currency/],
    [
      'an amount that is a number',
      () => ({ input: order({ expectedTotal: { amount: 9.99, currency: 'EUR' } }) }),
      /Decimal/,
    ],
    ['a field that the input does not have', () => ({ input: order({ discount: 100 }) }), /discount/],
    ['no input', () => ({}), /input/],
    ['an input that is null', () => ({ input: null }), /input/],
  ];
  test.each(variables)('%s', async (_, given, complaint) => {
    const { data, errors, status } = await shop.ask(PLACE, given() as never, buyer);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringMatching(complaint) },
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/node_modules|at .*\.ts:/);
    expect([200, 400]).toContain(status);
  });

  const documents: [string, string, string][] = [
    ['an unknown field', '{ products { nodes { colour } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown mutation', 'mutation { deleteEverything }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an internal command',
      'mutation { confirmOrder(input: { orderId: "x", paymentStatus: CAPTURED, story: [] }) { status } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'fragments in a circle',
      '{ products { nodes { ...A } } } fragment A on Product { id ...B } fragment B on Product { id ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['no document', '', 'GRAPHQL_PARSE_FAILED'],
    ['a comment only', '# nothing', 'GRAPHQL_PARSE_FAILED'],
    ['a document that breaks off', '{ products { nodes { id }', 'GRAPHQL_PARSE_FAILED'],
    [
      'two operations without a name to choose by',
      'query A { me { id } } query B { me { id } }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
  ];
  test.each(['"ZZ"', 'ZZ'])('a country that is none, at its place in the document: %s', async (literal) => {
    const query = `{ cart(id: "c") { totals(country: ${literal}) { total { amount } } } }`;
    const { errors } = await shop.ask(query, {}, buyer);
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('ISO 3166-1'),
        locations: [{ line: 1, column: query.indexOf(literal) + 1 }],
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  });

  test.each(documents)('%s', async (_, query, code) => {
    const { data, errors, status } = await shop.ask(query, {}, buyer);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]).toMatchObject({ message: expect.any(String), extensions: { code } });
    expect([200, 400]).toContain(status);
  });

  const post = async (body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(shop.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: answer.status, ...((await answer.json()) as { data?: unknown; errors?: unknown }) };
  };

  test.each([
    ['{"query": '],
    ['[]'],
    ['"text"'],
    ['null'],
    ['{"query": 7}'],
    ['{"query": "{ me { id } }", "variables": "none"}'],
  ])('the body %s', async (body) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }],
    });
  });

  test('a mutation by GET', async () => {
    const query = new URLSearchParams({ query: 'mutation { signOut { userErrors { code } } }' });
    const answer = await fetch(`${shop.url}?${query}`);
    expect(answer.status).toBe(405);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });
});

describe('an invalid token fails the request, as 401 and not as an anonymous caller:', () => {
  const tokens: [string, () => Promise<string>][] = [
    ['one that has expired', () => shop.token(buyer, -3600)],
    [
      'one that was tampered with',
      async () => {
        const [head, , signature] = (await shop.token(buyer)).split('.');
        const [, claims] = (await shop.token(actor({ roles: ['ADMIN'] }))).split('.');
        return [head, claims, signature].join('.');
      },
    ],
    ['one that is none', async () => 'nonsense'],
  ];
  test.each(tokens)('%s', async (_, token) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await token()}` };
    const answer = await fetch(shop.url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query: PLACE, variables: { input: order({ email: 'a@example.com' }) } }),
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({
      errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });
});

describe('a query with nonsensical arguments is answered with BAD_USER_INPUT:', () => {
  test.each([
    ['no order in particular', '{ order { id } }'],
    ['an order by id and by number', '{ order(id: "a", number: "b") { id } }'],
    ['a page of nothing', '{ orders(first: 0) { nodes { id } } }'],
    ['a page of 101', '{ orders(first: 101) { nodes { id } } }'],
    ['a page behind something that is no cursor', '{ orders(after: "yesterday") { nodes { id } } }'],
    ['an id with a NUL in it', '{ order(id: "a\\u0000b") { id } }'],
  ])('%s', async (_, query) => {
    const { data, errors } = await shop.ask(query, {}, buyer);
    expect(Object.values(data ?? {}).every((value) => value === null)).toBe(true);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test.each([
    ['{ order(id: "") { id } }'],
    ['{ order(number: "") { id } }'],
    ['{ saga(id: "nothing") { id } }'],
    ['{ cart(id: "") { id } }'],
  ])('and one about a thing that does not exist, %s, with null', async (query) => {
    const { data, errors } = await shop.ask(query, {}, buyer);
    expect(errors).toBeUndefined();
    expect(Object.values(data)).toEqual([null]);
  });

  test('a list of orders of no status at all is empty', async () => {
    expect(
      (await done(shop.ask('{ orders(filter: { status: [] }) { nodes { id } totalCount } }', {}, buyer))).orders,
    ).toEqual({ nodes: [], totalCount: 0 });
  });
});
