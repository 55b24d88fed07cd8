/** For the permission walk: a cart, and an order that was paid, with the saga that carried it. */
import { newId } from '../../platform/ids.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';
import { ADDRESS, placed, settled } from '../../tests/support/shop.ts';
import type { Person, RoomWorld, Walk } from '../../tests/security/permissions/room-world.ts';

const CREATE_CART =
  'mutation ($input: CreateCartInput!) { createCart(input: $input) { cart { id } userErrors { message } } }';

const onSale = ({ things }: Walk): string =>
  things.find(({ type, of }) => type === 'ProductVariant' && of === 'nobody')!.id;

async function makeCart(walk: Walk, { who }: Person): Promise<string> {
  const lines = [{ variantId: onSale(walk), quantity: 1 }];
  return (await walk.tell(CREATE_CART, { lines }, who.actor)).createCart.cart.id;
}

async function makeOrder(walk: Walk, { who, of }: Person, email?: string): Promise<Thing[]> {
  const street = walk.unique('delivery');
  const lines = [{ variantId: onSale(walk), quantity: 1 }];
  const input = { lines, shippingAddress: { ...ADDRESS, line1: street }, email };
  const { order, saga } = await placed(walk.shop, input, who.actor);
  await settled(walk.shop, order.id, 'PROCESSING');
  await walk.sagaEnds(saga.id);
  const read = ['order:read'];
  const personal = ['order:personal'];
  // An order's number and id also stand in its payment, its saga and its movements of stock.
  const named = ['order:read', 'payment:read', 'orchestration:read', 'inventory:read'];
  const [seenWith, secrets] = [['orchestration:read', ...read], [{ text: saga.id, knownWith: named }]];
  return [
    {
      type: 'Order',
      id: order.id,
      keys: { number: order.number },
      of,
      seenWith: read,
      secrets: [
        { text: order.id, knownWith: named },
        { text: order.number, knownWith: read },
        { text: street, knownWith: personal },
        ...(email ? [{ text: email, knownWith: personal }] : []),
      ],
    },
    { type: 'Saga', id: saga.id, of, seenWith, secrets },
  ];
}

export const world: RoomWorld = {
  confinedRows: ({ customerId, orderId, mark }) => [
    [
      `insert into "order".orders (id, number, customer_id, channel_id, currency, status, payment_status, fulfilment_status,
         shipping_option, subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, placed_at, updated_at)
       values ($1, $2, $3, 'default', 'EUR', 'PENDING', 'CREATED', 'UNFULFILLED', $4, 1, 0, 0, 0, 1, now(), now())`,
      [orderId, newId('n'), customerId ?? null, mark],
    ],
    [
      `insert into "order".order_contact (order_id, email, shipping_address, billing_address) values ($1, $2, '{}', '{}')`,
      [orderId, mark],
    ],
  ],

  after: ['customer', 'pricing', 'inventory'],

  async ofCustomer(walk, customer) {
    const cart = await makeCart(walk, customer);
    const write = ['order:write'];
    const secrets = [{ text: cart, knownWith: write }];
    const ofCart: Thing = { type: 'Cart', id: cart, of: customer.of, seenWith: write, secrets };
    return [ofCart, ...(await makeOrder(walk, customer))];
  },

  async ofGuest(walk, guest) {
    const cart = await makeCart(walk, guest);
    const order = await makeOrder(walk, guest, guest.email);
    walk.guestOf(guest, order[0]!.id);
    return [{ type: 'Cart', id: cart, of: 'nobody', seenWith: [] }, ...order];
  },
};
