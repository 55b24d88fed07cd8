/** For the permission walk: a price of every variant that a merchant has. */
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';

const PRICE = 'mutation ($input: SetPriceInput!) { setPrice(input: $input) { price { id } userErrors { message } } }';
const READ = ['pricing:read'];

export const world: RoomWorld = {
  after: ['product'],
  grants: { MERCHANT: ['write'] },

  ofHouse: async () => [{ type: 'Channel', id: 'default', of: 'nobody', seenWith: [] }],

  ofMerchant: ({ tell, thingsOf }, merchant) =>
    Promise.all(
      thingsOf(merchant, 'ProductVariant').map(async ({ id: variantId }) => {
        const input = { variantId, currency: 'EUR', amount: '7.00' };
        const { price } = (await tell(PRICE, input, merchant.who.actor)).setPrice;
        const secrets = [{ text: price.id, knownWith: READ }];
        return { type: 'Price', id: price.id, of: merchant.of, seenWith: READ, secrets };
      }),
    ),
};
