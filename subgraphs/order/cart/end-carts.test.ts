import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createStore, type Store } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { silentLogger } from '../../../platform/log.ts';
import type { Tables } from '../entities.ts';
import { newCustomer, type Orders, openOrders } from '../order.testing.ts';
import { CART_DAYS, endCarts } from './end-carts.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);
const quantities = (cart: { lines: { quantity: number }[] }) => cart.lines.map(({ quantity }) => quantity);

describe('an idle cart', () => {
  const end = () =>
    endCarts({ store, clock: it.agents.clock, log: silentLogger } as never).run(
      new AbortController().signal,
      it.agents.kysely,
    );
  let store: Store<Tables>;
  beforeAll(async () => {
    store = createStore<Tables>({ agent: 'order', kysely: it.agents.kysely, notifier: new LogNotifier() });
  });

  test('is deleted after its days, ordered or not, and is then unknown; one that was changed since stays', async () => {
    const buyer = newCustomer();
    const variantId = await it.variant();
    const make = async () => (await it.createCart({ lines: [{ variantId, quantity: 1 }] }, buyer)).cart.id as string;
    const [idle, bought, used] = [await make(), await make(), await make()];
    const { order } = await it.place({ cartId: bought, idempotencyKey: 'kept' }, buyer);
    it.agents.clock.advance((CART_DAYS - 1) * 86_400_000);
    await end();
    expect(await it.readCart(idle, buyer)).toMatchObject({ id: idle });
    await it.addToCart({ cartId: used, variantId }, buyer);
    it.agents.clock.advance(86_400_001);
    await end();
    for (const id of [idle, bought]) {
      expect(await it.readCart(id, buyer)).toBeNull();
      expect(codes(await it.addToCart({ cartId: id, variantId }, buyer))).toEqual(['NOT_FOUND']);
      expect(codes(await it.updateCartLine({ cartId: id, variantId, quantity: 0 }, buyer))).toEqual(['NOT_FOUND']);
      expect(codes(await it.place({ cartId: id }, buyer))).toEqual(['NOT_FOUND']);
    }
    expect(quantities(await it.readCart(used, buyer))).toEqual([2]);
    // The order stays, and so does the answer to the request that placed it.
    expect(await it.read(order.id, buyer)).toMatchObject({ id: order.id });
    expect((await it.place({ cartId: bought, idempotencyKey: 'kept' }, buyer)).order.id).toBe(order.id);
  });

  test('is deleted with all others, in as many transactions as it takes', async () => {
    const at = new Date(it.agents.clock.now().getTime() - (CART_DAYS + 1) * 86_400_000);
    const rows = Array.from({ length: 450 }, (_, n) => ({
      id: `cart_old${n}`,
      channelId: 'default',
      currency: 'EUR',
      createdAt: at,
      updatedAt: at,
    }));
    await it.agents.kysely.insertInto('order.cart').values(rows).execute();
    await end();
    const left = await it.agents.kysely
      .selectFrom('order.cart')
      .select('id')
      .where('id', 'like', 'cart_old%')
      .execute();
    expect(left).toEqual([]);
  });
});
