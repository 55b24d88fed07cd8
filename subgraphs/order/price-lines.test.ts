import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADDRESS, newCustomer, type Orders, openOrders } from './order.testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);

describe('an order', () => {
  test('bears the tax of its destination, by postal code, and stores the reason', async () => {
    const lines = [{ variantId: await it.variant(), quantity: 1 }];
    const taxesAt = async (country: string, postcode: string) => {
      const { order } = await it.place({ lines, shippingAddress: { ...ADDRESS, country, postcode } });
      const shown = `tax { minor } lines { tax { minor } }
        taxes { rate taxable { minor } tax { amount } territory day rounding reason }`;
      return it.agents.query('order', { id: order.id }, shown);
    };
    const spain = await taxesAt('ES', '28001');
    expect(spain).toMatchObject({
      tax: { minor: '313' },
      lines: [{ tax: { minor: '210' } }],
      taxes: [{ rate: '0.21', taxable: { minor: '1490' }, tax: { amount: '3.13' }, territory: null, rounding: 'LINE' }],
    });
    expect(await taxesAt('ES', '35001')).toMatchObject({
      tax: { minor: '0' },
      taxes: [{ rate: '0', territory: 'ES-CN', reason: expect.stringContaining('Canary Islands') }],
    });
    expect(await taxesAt('PT', 'PT-9000-001')).toMatchObject({ lines: [{ tax: { minor: '220' } }] });
  });

  test('with a total above the greatest payable amount is refused, and nothing is written', async () => {
    const variantId = await it.variant(100_000);
    await it.price(variantId, 'JPY', '1000000000000');
    const count = async (table: string) =>
      Number(
        (
          await it.agents.kysely
            .selectFrom(table)
            .select((eb) => eb.fn.countAll().as('n'))
            .executeTakeFirstOrThrow()
        ).n,
      );
    const before = [await count('order.orders'), await count('inventory.reservation')];
    const buyer = newCustomer();
    const { cart } = await it.createCart({ lines: [{ variantId, quantity: 1000 }], currency: 'JPY' }, buyer);
    expect(cart.totals).toBeNull();
    const lines = [{ variantId, quantity: 1000 }];
    for (const [what, path] of [
      [{ lines, currency: 'JPY' }, 'lines'],
      [{ lines, currency: 'JPY', expectedTotal: { amount: '999999999999999', currency: 'JPY' } }, 'lines'],
      [{ cartId: cart.id }, expect.any(String)],
    ] as const)
      expect(await it.place(what, buyer)).toMatchObject({
        order: null,
        userErrors: [{ code: 'AMOUNT_TOO_LARGE', path: ['input', path] }],
      });
    expect([await count('order.orders'), await count('inventory.reservation')]).toEqual(before);
    const most = {
      lines: [{ variantId, quantity: 999 }],
      shippingAddress: { ...ADDRESS, country: 'US', postcode: '10001' },
    };
    expect(codes(await it.place({ ...most, currency: 'JPY' }, buyer))).toEqual([]);
  });
});
