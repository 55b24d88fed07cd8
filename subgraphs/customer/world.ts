/** For the permission walk: the profile that a customer signed up with, and an address. */
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import { ADDRESS } from '../../tests/support/shop.ts';

const ADD =
  'mutation ($input: AddAddressInput!) { addAddress(input: $input) { address { id } userErrors { message } } }';
const PERSONAL = ['customer:personal'];

export const world: RoomWorld = {
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
