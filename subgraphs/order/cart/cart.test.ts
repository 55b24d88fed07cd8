import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANONYMOUS } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, operator } from '../../../tests/support/agents.ts';
import { ADDRESS, newCustomer, type Orders, openOrders } from '../order.testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);
const quantities = (cart: { lines: { quantity: number }[] }) => cart.lines.map(({ quantity }) => quantity);

describe('a cart', () => {
  test('sums the pieces of a variant in one line, and keeps its lines in the order of their arrival', async () => {
    const buyer = newCustomer();
    const [a, b] = [await it.variant(), await it.variant()];
    const { cart } = await it.createCart(
      {
        lines: [
          { variantId: a, quantity: 1 },
          { variantId: a, quantity: 2 },
        ],
      },
      buyer,
    );
    expect(cart).toMatchObject({ channelId: 'default', currency: 'EUR', version: 1 });
    expect(quantities(cart)).toEqual([3]);
    await it.addToCart({ cartId: cart.id, variantId: b }, buyer);
    const { cart: last } = await it.addToCart({ cartId: cart.id, variantId: a, quantity: 4 }, buyer);
    expect(last.lines).toEqual([
      { quantity: 7, variant: { id: a } },
      { quantity: 1, variant: { id: b } },
    ]);
    expect(last.version).toBe(3);
  });

  test('loses nothing when pieces are added concurrently', async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({}, ANONYMOUS);
    await Promise.all(Array.from({ length: 10 }, () => it.addToCart({ cartId: cart.id, variantId }, ANONYMOUS)));
    expect(await it.readCart(cart.id)).toMatchObject({ version: 11, lines: [{ quantity: 10 }] });
  });

  test('holds the quantity that a line is set to; a line set to zero is removed', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 5 }] }, buyer);
    expect(quantities((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 2 }, buyer)).cart)).toEqual([2]);
    expect(quantities((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, buyer)).cart)).toEqual([]);
    expect((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, buyer)).cart.totals).toBeNull();
  });

  test('has totals for its destination, down to the postal code, which are those of its order', async () => {
    const buyer = newCustomer();
    const { cart } = await it.createCart({ lines: [{ variantId: await it.variant(), quantity: 1 }] }, buyer);
    const totals = `mainland: totals(country: "ES") { tax { minor } }
      islands: totals(country: "ES", postcode: "E-38001") { tax { minor } total { minor } }`;
    const { mainland, islands } = await it.agents.query('cart', { id: cart.id }, totals, buyer);
    expect([mainland.tax.minor, islands.tax.minor]).toEqual(['313', '0']);
    const shippingAddress = { ...ADDRESS, country: 'ES', postcode: '38001' };
    const { order } = await it.place({ cartId: cart.id, shippingAddress }, buyer);
    expect(order.total).toEqual(islands.total);
  });

  test('has totals, which are those of its order', async () => {
    const buyer = newCustomer();
    const { cart } = await it.createCart({ lines: [{ variantId: await it.variant(), quantity: 2 }] }, buyer);
    const { order } = await it.place({ cartId: cart.id }, buyer);
    expect(BigInt(cart.totals.total.minor)).toBeGreaterThan(2000n);
    expect(order.total).toEqual(cart.totals.total);
  });

  test("of a customer is the customer's: no other customer or guest sees it, changes it or orders it", async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer);
    for (const who of [newCustomer(), ANONYMOUS]) {
      expect(await it.readCart(cart.id, who)).toBeNull();
      expect(codes(await it.addToCart({ cartId: cart.id, variantId }, who))).toEqual(['NOT_FOUND']);
      expect(codes(await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, who))).toEqual(['NOT_FOUND']);
      expect(codes(await it.place({ cartId: cart.id, email: 'other@example.com' }, who))).toEqual(['NOT_FOUND']);
    }
    expect(await it.readCart(cart.id, operator)).toMatchObject({ id: cart.id, version: 1 });
    expect(codes(await it.addToCart({ cartId: 'cart_none', variantId }, buyer))).toEqual(['NOT_FOUND']);
  });

  test('of a guest is open to every caller that knows its id, so that a guest who signs in keeps it', async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, ANONYMOUS);
    const buyer = newCustomer();
    expect(await it.readCart(cart.id, buyer)).toMatchObject({ id: cart.id });
    const { order } = await it.place({ cartId: cart.id }, buyer);
    expect((await it.readCart(cart.id, buyer)).order).toEqual({ id: order.id });
    expect((await it.readCart(cart.id, newCustomer())).order).toBeNull();
  });

  test.each(['', ' ', 'variant_01h0000000e00000000000000'])('refuses %p, the id of no variant', async (none) => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, ANONYMOUS);
    const line = { cartId: cart.id, variantId: none, quantity: 1 };
    for (const answer of [
      await it.addToCart(line, ANONYMOUS),
      await it.updateCartLine(line, ANONYMOUS),
      await it.createCart({ lines: [{ variantId: none, quantity: 1 }] }, ANONYMOUS),
      await it.place({ lines: [{ variantId: none, quantity: 1 }] }),
    ])
      expect(codes(answer)).toEqual(['VARIANT_NOT_FOUND']);
    expect(quantities(await it.readCart(cart.id))).toEqual([1]);
  });

  test.each([0, -1, 10_001, 1_000_000_000])('refuses a quantity of %i', async (quantity) => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, ANONYMOUS);
    expect(codes(await it.addToCart({ cartId: cart.id, variantId, quantity }, ANONYMOUS))).toEqual(['INVALID_INPUT']);
    if (quantity !== 0)
      expect(codes(await it.updateCartLine({ cartId: cart.id, variantId, quantity }, ANONYMOUS))).toEqual([
        'INVALID_INPUT',
      ]);
    expect(codes(await it.createCart({ lines: [{ variantId, quantity }] }, ANONYMOUS))).toEqual(['INVALID_INPUT']);
    expect(quantities(await it.readCart(cart.id))).toEqual([1]);
  });

  test('holds at most 10,000 of one variant, added at once or one by one', async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 9_999 }] }, ANONYMOUS);
    expect(codes(await it.addToCart({ cartId: cart.id, variantId, quantity: 2 }, ANONYMOUS))).toEqual([
      'INVALID_INPUT',
    ]);
    expect(quantities((await it.addToCart({ cartId: cart.id, variantId, quantity: 1 }, ANONYMOUS)).cart)).toEqual([
      10_000,
    ]);
    const twice = [
      { variantId, quantity: 9_999 },
      { variantId, quantity: 2 },
    ];
    expect(codes(await it.createCart({ lines: twice }, ANONYMOUS))).toEqual(['INVALID_INPUT']);
  });

  test('holds at most a hundred lines', async () => {
    const { cart } = await it.createCart({}, ANONYMOUS);
    const rows = Array.from({ length: 100 }, (_, position) => ({
      cartId: cart.id,
      variantId: `variant_${position}`,
      quantity: 1,
      position,
    }));
    await it.agents.kysely.insertInto('order.cart_line').values(rows).execute();
    const variantId = await it.variant();
    expect(codes(await it.addToCart({ cartId: cart.id, variantId }, ANONYMOUS))).toEqual(['INVALID_INPUT']);
    expect(codes(await it.createCart({ lines: Array(101).fill({ variantId, quantity: 1 }) }, ANONYMOUS))).toEqual([
      'INVALID_INPUT',
    ]);
    expect((await it.readCart(cart.id)).lines).toHaveLength(100);
  });

  test('refuses a variant that is not for sale', async () => {
    const { cart } = await it.createCart({}, ANONYMOUS);
    const refused = await it.addToCart({ cartId: cart.id, variantId: 'variant_none' }, ANONYMOUS);
    expect(refused.userErrors).toMatchObject([{ code: 'VARIANT_NOT_FOUND', path: ['input', 'variantId'] }]);
  });
});

describe('a cart that cannot be ordered as it is', () => {
  const buyer = newCustomer();
  const cartOf = async (...lines: { variantId: string; quantity: number }[]): Promise<string> =>
    (await it.createCart({ lines }, buyer)).cart.id;

  test('names each variant that is no longer for sale, has no price or is short, and no other', async () => {
    const [gone, unpriced, short, fine] = [
      await it.variant(),
      await it.variant(),
      await it.variant(1),
      await it.variant(),
    ];
    const id = await cartOf(...[gone, unpriced, fine].map((variantId) => ({ variantId, quantity: 1 })), {
      variantId: short,
      quantity: 2,
    });
    const titles = new Map(
      (
        await it.agents.kysely
          .selectFrom('order.cart_line')
          .select(['variantId', 'title'])
          .where('cartId', '=', id)
          .execute()
      ).map(({ variantId, title }) => [variantId, title]),
    );
    expect(await it.problemsOf(id, buyer)).toMatchObject({
      totals: { total: expect.anything() },
      problems: [{ code: 'INSUFFICIENT_STOCK', variantId: short }],
    });
    await it.agents.kysely.deleteFrom('pricing.price').where('variantId', '=', unpriced).execute();
    expect(await it.problemsOf(id, buyer)).toEqual({
      totals: null,
      problems: [
        {
          code: 'PRICE_NOT_AVAILABLE',
          message: `“${titles.get(unpriced)}”: This is not sold in EUR.`,
          variantId: unpriced,
        },
        {
          code: 'INSUFFICIENT_STOCK',
          message: `Only 1 of “${titles.get(short)}” left, 2 wanted: order less.`,
          variantId: short,
        },
      ],
    });
    await it.archive(gone);
    const { problems } = await it.problemsOf(id, buyer);
    expect(problems[0]).toEqual({
      code: 'VARIANT_NOT_FOUND',
      message: `“${titles.get(gone)}” is no longer for sale: take it out of the cart.`,
      variantId: gone,
    });
    // Ordering it is refused with the same words, at the cart: the client sent no lines.
    expect((await it.place({ cartId: id }, buyer)).userErrors).toEqual([
      {
        __typename: 'SimpleUserError',
        code: 'VARIANT_NOT_FOUND',
        message: problems[0].message,
        path: ['input', 'cartId'],
      },
    ]);
  });

  test.each([
    ['sold out', 'INSUFFICIENT_STOCK', /^“Thing \d+.*” is sold out\.$/],
    ['without a price', 'PRICE_NOT_AVAILABLE', /^“Thing \d+.*”: /],
  ])(
    'for a variant that is %s is refused at the cart, and the message names the variant',
    async (what, code, message) => {
      const variantId = await it.variant(what === 'sold out' ? 0 : 5);
      const id = await cartOf({ variantId, quantity: 1 });
      if (what !== 'sold out')
        await it.agents.kysely.deleteFrom('pricing.price').where('variantId', '=', variantId).execute();
      expect((await it.place({ cartId: id }, buyer)).userErrors).toMatchObject([
        { code, message: expect.stringMatching(message), path: ['input', 'cartId'] },
      ]);
      // The path leads to the line if the client sent lines.
      const [error] = (await it.place({ lines: [{ variantId, quantity: 1 }] }, buyer)).userErrors;
      expect(error.path.slice(0, 3)).toEqual(['input', 'lines', '0']);
    },
  );

  test('reports that it is empty, that its shipping option is unknown, and that it was ordered', async () => {
    const id = await cartOf();
    expect(await it.problemsOf(id, buyer)).toMatchObject({ totals: null, problems: [{ code: 'CART_EMPTY' }] });
    const variantId = await it.variant();
    await it.addToCart({ cartId: id, variantId }, buyer);
    expect(await it.problemsOf(id, buyer, 'by pigeon')).toMatchObject({
      totals: null,
      problems: [{ code: 'SHIPPING_OPTION_NOT_FOUND', variantId: null }],
    });
    expect(await it.problemsOf(id, buyer)).toMatchObject({ problems: [] });
    expect(codes(await it.place({ cartId: id }, buyer))).toEqual([]);
    expect(await it.problemsOf(id, buyer)).toMatchObject({ problems: [{ code: 'CART_ORDERED' }] });
  });

  test('with an unknown channel is refused at the channel if the request has one, else at the cart', async () => {
    const id = await cartOf({ variantId: await it.variant(), quantity: 1 });
    const given = await it.place({ cartId: id, channel: 'no-such-channel' }, buyer);
    expect(given.userErrors).toMatchObject([{ code: 'CHANNEL_NOT_FOUND', path: ['input', 'channel'] }]);
    await it.agents.kysely.updateTable('order.cart').set({ channelId: 'closed' }).where('id', '=', id).execute();
    const kept = await it.place({ cartId: id }, buyer);
    expect(kept.userErrors).toMatchObject([{ code: 'CHANNEL_NOT_FOUND', path: ['input', 'cartId'] }]);
  });
});

describe('a cart that staff use', () => {
  test('becomes the order of its customer, and the event names the operator who placed it', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer);
    await it.addToCart({ cartId: cart.id, variantId }, operator);
    // An operator who is a customer too orders for the cart's customer.
    const both = actor({ roles: ['OPERATOR', 'CUSTOMER'], customerId: newId('customer') });
    const { order, orderToken, userErrors } = await it.place({ cartId: cart.id }, both);
    expect(userErrors).toEqual([]);
    expect(orderToken).toBeNull();
    expect(await it.read(order.id, buyer)).toMatchObject({ id: order.id, email: null, lines: [{ quantity: 2 }] });
    expect((await it.readCart(cart.id, buyer)).order).toEqual({ id: order.id });
    const [event] = (await it.agents.events('order.placed')).filter((one) => one.aggregate_id === order.id);
    expect(event!.payload).toMatchObject({ customerId: buyer.customerId, placedBy: both.id });
  });

  test('is closed to API keys and merchants without order:write', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer);
    const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
    const reading = actor({ roles: [], scopes: ['order:read'], apiKeyId: 'apikey_1' });
    for (const who of [merchant, reading]) {
      expect(await it.readCart(cart.id, who)).toBeNull();
      expect(codes(await it.place({ cartId: cart.id, email: 'x@example.com' }, who))).toEqual(['NOT_FOUND']);
      expect(codes(await it.addToCart({ cartId: cart.id, variantId }, who))).toEqual(['NOT_FOUND']);
    }
    const writing = actor({ roles: [], scopes: ['order:write'], apiKeyId: 'apikey_2' });
    const { order } = await it.place({ cartId: cart.id, email: 'x@example.com' }, writing);
    expect(await it.read(order.id, buyer)).toMatchObject({ id: order.id, email: 'x@example.com' });
  });

  test("that is a guest's is ordered as a guest's, and the event names the operator who placed it", async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, ANONYMOUS);
    const none = await it.place({ cartId: cart.id }, operator);
    expect(none.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'email'] }]);
    expect(none.userErrors[0].message).not.toMatch(/guest/i);
    expect((await it.place({ cartId: cart.id }, ANONYMOUS)).userErrors[0].message).toMatch(/^A guest needs/);
    const { order, orderToken } = await it.place({ cartId: cart.id, email: 'guest@example.com' }, operator);
    expect(orderToken).toEqual(expect.any(String));
    const placed = (await it.agents.events('order.placed')).filter((one) => one.aggregate_id === order.id);
    expect(placed).toMatchObject([{ payload: { customerId: null, placedBy: operator.id } }]);
  });
});

describe('a cart that was ordered', () => {
  test('is frozen, and cannot be ordered again', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer);
    expect((await it.place({ cartId: cart.id }, buyer)).userErrors).toEqual([]);
    expect(codes(await it.addToCart({ cartId: cart.id, variantId }, buyer))).toEqual(['CART_ORDERED']);
    expect(codes(await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, buyer))).toEqual([
      'CART_ORDERED',
    ]);
    expect(codes(await it.place({ cartId: cart.id }, buyer))).toEqual(['CART_ORDERED']);
    expect(quantities(await it.readCart(cart.id, buyer))).toEqual([1]);
  });

  test('holds just the lines of the order, also if a line is added at the same moment', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant(500);
    for (let n = 0; n < 8; n++) {
      const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer);
      const [order] = await Promise.all([
        it.place({ cartId: cart.id }, buyer),
        it.addToCart({ cartId: cart.id, variantId }, buyer),
      ]);
      if (order.order) expect(quantities(order.order)).toEqual(quantities(await it.readCart(cart.id, buyer)));
      else
        expect(order.userErrors).toMatchObject([
          { __typename: 'VersionConflict', code: 'VERSION_CONFLICT', path: ['input', 'cartId'], currentVersion: 2 },
        ]);
    }
  });

  test('was not empty', async () => {
    const buyer = newCustomer();
    const { cart } = await it.createCart({}, buyer);
    expect(codes(await it.place({ cartId: cart.id }, buyer))).toEqual(['CART_EMPTY']);
  });
});
