import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANONYMOUS } from '../../../platform/identity/actor.ts';
import { operator } from '../../../tests/support/agents.ts';
import { ADDRESS, newCustomer, type Orders, openOrders } from '../testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);
const quantities = (cart: { lines: { quantity: number }[] }) => cart.lines.map(({ quantity }) => quantity);

describe('a cart', () => {
  test('adds up what is put into it, line by line in the order in which it came', async () => {
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

  test('loses nothing when things are put into it at once', async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({}, ANONYMOUS);
    await Promise.all(Array.from({ length: 10 }, () => it.addToCart({ cartId: cart.id, variantId }, ANONYMOUS)));
    expect(await it.readCart(cart.id)).toMatchObject({ version: 11, lines: [{ quantity: 10 }] });
  });

  test('holds what it is set to, and without a line what is set to zero', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 5 }] }, buyer);
    expect(quantities((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 2 }, buyer)).cart)).toEqual([2]);
    expect(quantities((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, buyer)).cart)).toEqual([]);
    expect((await it.updateCartLine({ cartId: cart.id, variantId, quantity: 0 }, buyer)).cart.totals).toBeNull();
  });

  test('tells what it comes to where it would go, down to the postal code, as placing it does', async () => {
    const buyer = newCustomer();
    const { cart } = await it.createCart({ lines: [{ variantId: await it.variant(), quantity: 1 }] }, buyer);
    const query = `query ($id: ID!) { cart(id: $id) { mainland: totals(country: "ES") { tax { minor } }
      islands: totals(country: "ES", postcode: "E-38001") { tax { minor } total { minor } } } }`;
    const { mainland, islands } = (await it.ask(query, { id: cart.id }, buyer)).cart;
    expect([mainland.tax.minor, islands.tax.minor]).toEqual(['313', '0']);
    const shippingAddress = { ...ADDRESS, country: 'ES', postcode: '38001' };
    const { order } = await it.place({ cartId: cart.id, shippingAddress }, buyer);
    expect(order.total).toEqual(islands.total);
  });

  test('tells what it comes to', async () => {
    const buyer = newCustomer();
    const { cart } = await it.createCart({ lines: [{ variantId: await it.variant(), quantity: 2 }] }, buyer);
    const { order } = await it.place({ cartId: cart.id }, buyer);
    expect(BigInt(cart.totals.total.minor)).toBeGreaterThan(2000n);
    expect(order.total).toEqual(cart.totals.total);
  });

  test("of a customer is the customer's: nobody else sees it, changes it or orders it", async () => {
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

  test("of a guest is whoever's knows its id, so that who signs in keeps it", async () => {
    const variantId = await it.variant();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1 }] }, ANONYMOUS);
    const buyer = newCustomer();
    expect(await it.readCart(cart.id, buyer)).toMatchObject({ id: cart.id });
    const { order } = await it.place({ cartId: cart.id }, buyer);
    expect((await it.readCart(cart.id, buyer)).order).toEqual({ id: order.id });
    expect((await it.readCart(cart.id, newCustomer())).order).toBeNull();
  });

  test.each([0, -1, 10_001, 1_000_000_000])('takes no %i pieces', async (quantity) => {
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

  test('holds at most 10,000 of one variant, however they came into it', async () => {
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
      cart_id: cart.id,
      variant_id: `variant_${position}`,
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

  test('takes nothing that is not for sale', async () => {
    const { cart } = await it.createCart({}, ANONYMOUS);
    const refused = await it.addToCart({ cartId: cart.id, variantId: 'variant_none' }, ANONYMOUS);
    expect(refused.userErrors).toMatchObject([{ code: 'VARIANT_NOT_FOUND', path: ['input', 'variantId'] }]);
  });
});

describe('a cart that was ordered', () => {
  test('is frozen, and is no second order', async () => {
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

  test('holds what was ordered, also if something is put into it at the same moment', async () => {
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
