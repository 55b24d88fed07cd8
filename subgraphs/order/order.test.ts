import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashOf } from '../../platform/data/idempotency.ts';
import { Actor, ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, operator, viewer } from '../../tests/support/agents.ts';
import { ADDRESS, guestOf, newCustomer, type Orders, openOrders } from './order.testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const eventsOf = async (orderId: string) =>
  (await it.agents.events()).filter((event) => event.aggregate_id === orderId);
const types = (order: { timeline: { type: string }[] }) => order.timeline.map((entry) => entry.type);
const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);

describe('an order that is placed', () => {
  test('has its number, its total and its first event, and its saga is started', async () => {
    const variantId = await it.variant();
    const { order, saga, orderToken } = await it.place({ lines: [{ variantId, quantity: 2 }] });
    expect(order).toMatchObject({
      number: expect.stringMatching(/^AG-1\d{5}$/),
      status: 'PENDING',
      paymentStatus: 'CREATED',
      version: 1,
      subtotal: { minor: '2000' },
    });
    expect(types(order)).toEqual(['PLACED']);
    expect(saga.id).toBe(`placeOrder:${order.id}`);
    expect(orderToken).toBeNull();
    expect(await eventsOf(order.id)).toMatchObject([
      { type: 'order.placed', aggregate_version: 1, payload: { itemsCount: 2, totalMinor: order.total.minor } },
    ]);
  });

  test('gives a guest a token for this one order, and staff the token of the guest whom they order for', async () => {
    const variantId = await it.variant();
    for (const who of [ANONYMOUS, operator]) {
      const { order, orderToken } = await it.place(
        { lines: [{ variantId, quantity: 1 }], email: 'guest@example.com' },
        who,
      );
      const { actor: guest } = await it.agents.tokens.verify(orderToken, it.agents.clock.now());
      expect(guest.orderId).toBe(order.id);
      expect([...guest.roles]).toEqual(['GUEST']);
      expect(await it.read(order.id, guest)).toMatchObject({ id: order.id, email: 'guest@example.com' });
    }
  });

  test('needs a postal code only in countries that have them', async () => {
    const lines = [{ variantId: await it.variant(), quantity: 1 }];
    const { postcode: _, ...street } = ADDRESS;
    for (const country of ['HK', 'AE', 'PA', 'QA'])
      expect(codes(await it.place({ lines, shippingAddress: { ...street, country } }))).toEqual([]);
    for (const [country, postcode] of [
      ['DE', ''],
      ['DE', 'ABC'],
      ['HK', '-'],
    ])
      expect(await it.place({ lines, shippingAddress: { ...street, country, postcode } })).toMatchObject({
        order: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'shippingAddress', 'postcode'] }],
      });
  });

  test('with the idempotency key of another guest is another order', async () => {
    const variantId = await it.variant();
    const input = { lines: [{ variantId, quantity: 1 }], idempotencyKey: 'common' };
    const [one, two, again] = [
      await it.place({ ...input, email: 'one@example.com' }, ANONYMOUS),
      await it.place({ ...input, email: 'two@example.com' }, ANONYMOUS),
      await it.place({ ...input, email: 'one@example.com' }, ANONYMOUS),
    ];
    expect(two.order.id).not.toBe(one.order.id);
    expect(again.order.id).toBe(one.order.id);
    expect(
      codes(
        await it.place(
          { ...input, email: 'one@example.com', shippingAddress: { ...ADDRESS, city: 'Lyon' } },
          ANONYMOUS,
        ),
      ),
    ).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  test('again with the same key by the same guest is the same order, also with the address in capitals', async () => {
    const input = { lines: [{ variantId: await it.variant(), quantity: 1 }], idempotencyKey: 'capitals' };
    const first = await it.place({ ...input, email: 'Guest.Who@Example.com' }, ANONYMOUS);
    for (const email of ['guest.who@example.com', 'GUEST.WHO@EXAMPLE.COM', 'Guest.Who@example.COM'])
      expect((await it.place({ ...input, email }, ANONYMOUS)).order.id).toBe(first.order.id);
    const buyer = newCustomer();
    const mine = await it.place({ ...input, email: 'Me@Example.com' }, buyer);
    expect((await it.place({ ...input, email: 'me@example.com' }, buyer)).order.id).toBe(mine.order.id);
  });

  test('again, after a release that hashed the address as it was written, is the same order', async () => {
    const request = {
      lines: [{ variantId: await it.variant(), quantity: 1 }],
      email: 'Guest.Was@Example.com',
      shippingAddress: ADDRESS,
      payment: { token: 'tok_ok' },
    };
    const idempotencyKey = 'released';
    const first = await it.place({ ...request, idempotencyKey }, ANONYMOUS);
    await it.agents.kysely
      .updateTable('order.idempotency')
      .set({ requestHash: hashOf(request) })
      .where('key', '=', idempotencyKey)
      .execute();
    expect((await it.place({ ...request, idempotencyKey }, ANONYMOUS)).order.id).toBe(first.order.id);
    const small = { ...request, idempotencyKey, email: 'guest.was@example.com' };
    expect(codes(await it.place(small, ANONYMOUS))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  test('again by a caller who is no longer staff shows nothing of it, and gives no token', async () => {
    const input = {
      lines: [{ variantId: await it.variant(), quantity: 1 }],
      email: 'a@example.com',
      idempotencyKey: 'staff',
    };
    const id = newId('user');
    const { order } = await it.place(input, actor({ id, roles: ['OPERATOR'] }));
    expect((await it.place(input, actor({ id, roles: ['OPERATOR'] }))).order.id).toBe(order.id);
    await expect(it.place(input, actor({ id, roles: ['CUSTOMER'], customerId: newId('customer') }))).rejects.toThrow(
      'You may no longer see it.',
    );
  });

  test('cannot be filtered by customer by staff who may not see its customer', async () => {
    const buyer = newCustomer();
    await it.placed(buyer);
    const list = (who: Actor) =>
      it.agents.query('orders', { filter: { customerId: buyer.customerId } }, 'totalCount', who);
    await expect(list(viewer)).rejects.toThrow('leave out `customerId`');
    for (const who of [buyer, operator]) expect((await list(who)).totalCount).toBe(1);
  });

  test('again with null for an absent field is the same order; other changes make another request', async () => {
    const buyer = newCustomer();
    const input = { lines: [{ variantId: await it.variant(), quantity: 1 }], idempotencyKey: 'spelt' };
    const { order } = await it.place(input, buyer);
    expect((await it.place({ ...input, couponCodes: null, billingAddress: null }, buyer)).order.id).toBe(order.id);
    for (const more of [{ couponCodes: [] }, { billingAddress: ADDRESS }, { shippingOption: 'standard' }])
      expect(codes(await it.place({ ...input, ...more }, buyer))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  test('again with another number of digits in its total, or a blank behind its city, is another request', async () => {
    const [buyer, variantId] = [newCustomer(), await it.variant()];
    await it.price(variantId, 'EUR', '76.74');
    const place = (amount: string, city: string) =>
      it.place(
        {
          lines: [{ variantId, quantity: 1 }],
          expectedTotal: { amount, currency: 'EUR' },
          shippingAddress: { ...ADDRESS, city },
          idempotencyKey: 'digits',
        },
        buyer,
      );
    const { order, userErrors } = await place('92.09', 'Paris');
    expect([userErrors, order.total]).toEqual([[], { minor: '9209' }]);
    for (const [amount, city] of [
      ['92.090', 'Paris'],
      ['92.09', 'Paris '],
    ] as const)
      expect(await place(amount, city)).toMatchObject({
        order: null,
        userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', path: ['input', 'idempotencyKey'] }],
      });
    expect((await place('92.09', 'Paris')).order.id).toBe(order.id);
    expect((await it.page('first: 100', buyer)).totalCount).toBe(1);
  });

  test('is refused with a hint, for its buyer alone, if the buyer’s own open order holds the last piece', async () => {
    const [buyer, variantId] = [newCustomer(), await it.variant(1)];
    const lines = [{ variantId, quantity: 1 }];
    const { order } = await it.place({ lines }, buyer);
    await it.agents.kysely
      .updateTable('inventory.stock_level')
      .set({ reserved: 1 })
      .where('variantId', '=', variantId)
      .execute();
    const messageTo = async (who: Actor, email?: string) =>
      (await it.place({ lines, email }, who)).userErrors.map(({ message }: { message: string }) => message);
    expect(await messageTo(newCustomer())).toEqual(['This is sold out.']);
    expect(await messageTo(ANONYMOUS, 'a@example.com')).toEqual(['This is sold out.']);
    expect(await messageTo(buyer)).toEqual([
      `This is sold out. Your order ${order.number} keeps some until it is paid: go on with it, or cancel it and try again.`,
    ]);
    await it.cancel(order.id, buyer);
    expect(await messageTo(buyer)).toEqual([
      `This is sold out. Your order ${order.number}, which is being cancelled, still keeps some: try again in a moment.`,
    ]);
    await it.completeCancellation({ orderId: order.id, reason: 'OTHER' });
    expect(await messageTo(buyer)).toEqual(['This is sold out.']);
  });

  test('by staff without a customer or an e-mail address is refused in words for staff', async () => {
    const lines = [{ variantId: await it.variant(), quantity: 1 }];
    for (const who of [operator, actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' })]) {
      const { userErrors } = await it.place({ lines }, who);
      expect(userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'email'] }]);
      expect(userErrors[0].message).toBe(
        'Whom this is ordered for needs an e-mail address: give `email`, or order the cart of a customer.',
      );
    }
  });

  test('stays as sold when products and prices change', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    const before = await it.read(id, buyer);
    await it.agents.kysely.updateTable('product.product').set({ name: 'Renamed' }).execute();
    await it.agents.kysely.updateTable('pricing.price').set({ amountMinor: 1n }).execute();
    expect(await it.read(id, buyer)).toEqual(before);
    await it.agents.kysely.updateTable('pricing.price').set({ amountMinor: 1000n }).execute();
  });
});

describe('an order is visible', () => {
  test('to its customer, its guest and staff, and to no other caller', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    const { number } = await it.read(id);
    const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
    const seers: [Actor, boolean][] = [
      [buyer, true],
      [operator, true],
      [viewer, true],
      [actor({ roles: ['ANALYST'] }), true],
      [newCustomer(), false],
      [merchant, false],
      [ANONYMOUS, false],
      [guestOf(id), true],
      [guestOf('order_other'), false],
    ];
    for (const [who, sees] of seers) {
      expect([who.id, Boolean(await it.read(id, who))]).toEqual([who.id, sees]);
      const byNumber = await it.agents.query('order', { number }, 'id', who);
      expect([who.id, byNumber?.id]).toEqual([who.id, sees ? id : undefined]);
      const readable = await it.agents.query('readableOrders', { ids: [id, 'order_none'] }, '', who);
      expect([who.id, readable]).toEqual([who.id, sees ? [id] : []]);
      const { nodes } = await it.page('first: 100', who);
      expect([who.id, nodes.some((node: { id: string }) => node.id === id)]).toEqual([who.id, sees]);
    }
  });

  test('as a reference of another agent only if it is to the caller', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Order { id email } } }';
    const of = [{ __typename: 'Order', id }];
    expect((await it.agents.data('order', query, { of }, buyer))._entities).toMatchObject([{ id }]);
    expect((await it.agents.data('order', query, { of }, newCustomer()))._entities).toEqual([null]);
  });
});

describe('a list of orders', () => {
  test('is read page by page, each order once, the latest first', async () => {
    const buyer = newCustomer();
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      if (n % 2) it.agents.clock.advance(1000); // Some are placed at the same moment, some are not.
      made.push(await it.placed(buyer));
    }
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await it.page(`first: 2${after ? `, after: "${after}"` : ''}`, buyer);
      expect(page.totalCount).toBe(5);
      seen.push(...page.nodes.map((node: { id: string }) => node.id));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect([...seen].sort()).toEqual([...made].sort());
    const placed = await Promise.all(seen.map(async (id) => (await it.read(id)).placedAt));
    expect(placed).toEqual([...placed].sort().reverse());
    const rising = await it.page('first: 100, orderBy: { field: PLACED_AT, direction: ASC }', buyer);
    expect(rising.nodes.map((node: { id: string }) => node.id)).toEqual([...seen].reverse());
  });

  test('is narrowed by status, customer and time, and a filter never widens it', async () => {
    const [buyer, other] = [newCustomer(), newCustomer()];
    const first = await it.placed(buyer);
    it.agents.clock.advance(60_000);
    const border = it.agents.clock.now().toISOString();
    const second = await it.placed(buyer);
    await it.confirm(second);
    const theirs = await it.placed(other);
    const ids = async (filter: string, as: Actor) =>
      (await it.page(`first: 100, filter: { ${filter} }`, as)).nodes.map((node: { id: string }) => node.id);
    expect(await ids('status: [PENDING]', buyer)).toEqual([first]);
    expect((await ids('status: [PENDING, CONFIRMED]', buyer)).sort()).toEqual([first, second].sort());
    expect(await ids('status: []', buyer)).toEqual([]);
    expect(await ids(`placedFrom: "${border}"`, buyer)).toEqual([second]);
    expect(await ids(`placedBefore: "${border}"`, buyer)).toEqual([first]);
    expect(await ids(`customerId: "${other.customerId}"`, operator)).toEqual([theirs]);
    expect(await ids(`customerId: "${other.customerId}"`, buyer)).toEqual([]);
  });

  test.each([0, -1, 101])('refuses a page of %i', async (first) => {
    await expect(it.page(`first: ${first}`)).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });
});

describe('a step of the saga', () => {
  test('moves the order on, and its replay changes nothing: no version, no event, no entry', async () => {
    const id = await it.placed();
    for (const step of [it.confirm, it.confirm, it.process, it.process])
      await step(id, ['STOCK_RESERVED', 'PAYMENT_AUTHORIZED']);
    expect(await it.read(id)).toMatchObject({ status: 'PROCESSING', paymentStatus: 'CAPTURED', version: 3 });
    expect(types(await it.read(id))).toEqual([
      'PLACED',
      'STOCK_RESERVED',
      'PAYMENT_AUTHORIZED',
      'CONFIRMED',
      'PROCESSING',
    ]);
    expect((await eventsOf(id)).map(({ type, aggregate_version }) => [type, aggregate_version])).toEqual([
      ['order.placed', 1],
      ['order.status_changed', 2],
      ['order.status_changed', 3],
    ]);
  });

  test('that comes late changes nothing: an order is not confirmed again while it is processed', async () => {
    const id = await it.placed();
    await it.confirm(id);
    await it.process(id);
    expect(await it.confirm(id)).toEqual({ status: 'PROCESSING', userErrors: [] });
    expect(await it.read(id)).toMatchObject({ status: 'PROCESSING', paymentStatus: 'CAPTURED', version: 3 });
  });

  test('that comes early is refused: an order is not processed before it is confirmed', async () => {
    const id = await it.placed();
    expect(codes(await it.process(id))).toEqual(['INVALID_STATE']);
    expect(await it.read(id)).toMatchObject({ status: 'PENDING', version: 1 });
  });

  test('of an unknown order is a fault, not a refusal, which would undo the saga', async () => {
    await expect(it.confirm('order_none')).rejects.toThrow(/there is no order/);
  });

  test('is refused once the order is being cancelled, and after the pivot changes nothing', async () => {
    const id = await it.placed();
    await it.cancel(id);
    expect(codes(await it.confirm(id))).toEqual(['ORDER_CANCELLED']);
    expect(await it.process(id)).toEqual({ status: 'PENDING', userErrors: [] });
    await it.completeCancellation({ orderId: id, reason: 'OTHER', paymentStatus: 'VOIDED' });
    expect(codes(await it.confirm(id))).toEqual(['ORDER_CANCELLED']);
    expect(await it.process(id)).toEqual({ status: 'CANCELLED', userErrors: [] });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED', version: 3 });
  });

  test('has the buyer wait for an action once, and only while the order is PENDING', async () => {
    const id = await it.placed();
    for (let n = 0; n < 2; n++) expect(await it.awaitAction(id)).toEqual({ status: 'PENDING', userErrors: [] });
    expect(await it.read(id)).toMatchObject({ paymentStatus: 'REQUIRES_ACTION', version: 2 });
    expect(types(await it.read(id))).toEqual(['PLACED', 'STOCK_RESERVED', 'PAYMENT_ACTION_REQUIRED']);
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['order.placed', 'order.payment_status_changed']);
    await it.confirm(id);
    expect(await it.awaitAction(id)).toEqual({ status: 'CONFIRMED', userErrors: [] });
    expect(await it.read(id)).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'AUTHORIZED', version: 3 });
  });
});

test('the database refuses amounts of an order that do not add up', async () => {
  const id = await it.placed();
  for (const change of [{ totalMinor: 1n }, { taxMinor: -1n }, { discountMinor: 100_000n }]) {
    await expect(
      it.agents.kysely.updateTable('order.orders').set(change).where('id', '=', id).execute(),
    ).rejects.toThrow(/check constraint/);
  }
});
