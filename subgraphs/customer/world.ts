/** For the permission walk: the profile that a customer signed up with, and an address. */
import { newId } from '../../platform/ids.ts';
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import { ADDRESS } from '../../tests/support/shop.ts';

const ADD =
  'mutation ($input: AddAddressInput!) { addAddress(input: $input) { address { id } userErrors { message } } }';
const PERSONAL = ['customer:personal'];

export const world: RoomWorld = {
  confinedRows: ({ customerId, mark }) =>
    customerId
      ? [
          [
            `insert into customer.customer (id, user_id, name, email, created_at, updated_at) values ($1, $2, $3, 'e@x.test', now(), now())`,
            [customerId, newId('user'), mark],
          ],
          [
            `insert into customer.address (id, customer_id, name, line1, city, postcode, country, created_at)
             values ($1, $2, $3, '1', 'Lyon', '69000', 'FR', now())`,
            [newId('address'), customerId, mark],
          ],
          [
            `insert into customer.customer_order (id, customer_id, status, currency, total_minor, placed_at, version)
             values ($1, $2, $3, 'EUR', 1, now(), 1)`,
            [newId('order'), customerId, mark],
          ],
        ]
      : [],

  after: ['identity'],

  async ofCustomer({ tell, unique }, { who, of, fullName, email }) {
    const street = unique('street');
    const { address } = (await tell(ADD, { address: { ...ADDRESS, line1: street } }, who.actor)).addAddress;
    const personal = (text: string) => ({ text, knownWith: PERSONAL });
    const customerId = of.customer!;
    return [
      {
        type: 'Customer',
        id: customerId,
        of,
        seenWith: PERSONAL,
        // Staff see the id of an order's customer, and nothing else of them. Administrators see the names of users too.
        secrets: [
          { text: customerId, knownWith: [...PERSONAL, 'order:read'] },
          ...[fullName, email].map((text) => ({ text, knownWith: [...PERSONAL, 'identity:admin'] })),
          personal(street),
        ],
      },
      { type: 'CustomerAddress', id: address.id, of, seenWith: PERSONAL, secrets: [personal(address.id)] },
    ];
  },
};
