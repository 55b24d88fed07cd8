/** For the permission walk: two locations, and a movement of every variant that a merchant has. */
import { newId } from '../../platform/ids.ts';
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';

const LOCATION =
  'mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } userErrors { message } } }';
const ADJUST = 'mutation ($input: AdjustStockInput!) { adjustStock(input: $input) { userErrors { message } } }';
const MOVEMENTS = 'query ($id: ID) { movements(filter: { variantId: $id }) { nodes { id } } }';
const READ = ['inventory:read'];

export const world: RoomWorld = {
  after: ['product'],
  grants: { MERCHANT: ['write'] },

  ofHouse: ({ tell, unique, admin }) =>
    Promise.all(
      [1, 2].map(async () => {
        const input = { code: unique('LOC').toUpperCase(), name: 'Walk', city: 'Lyon', country: 'FR' };
        const { location } = (await tell(LOCATION, input, admin)).createLocation;
        return { type: 'Location', id: location.id, of: 'nobody' as const, seenWith: [] };
      }),
    ),

  async ofMerchant({ tell, ask, things, thingsOf }, merchant) {
    const { actor } = merchant.who;
    const locationId = things.find(({ type }) => type === 'Location')!.id;
    const made: Thing[] = [];
    for (const { id: variantId } of thingsOf(merchant, 'ProductVariant')) {
      const input = { variantId, locationId, delta: 50, reason: 'recount', idempotencyKey: newId('key') };
      await tell(ADJUST, input, actor);
      const [{ id }] = (await ask(MOVEMENTS, { id: variantId }, actor)).movements.nodes;
      made.push({ type: 'Movement', id, of: merchant.of, seenWith: READ, secrets: [{ text: id, knownWith: READ }] });
    }
    return made;
  },
};
