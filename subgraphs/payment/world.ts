/** For the permission walk: the payments of the orders that were placed. */
import type { Person, RoomWorld, Walk } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';

const PAYMENTS = 'query ($id: ID) { order(id: $id) { payments { id } } }';
const READ = ['payment:read'];

async function payments({ ask, thingsOf, admin }: Walk, person: Person): Promise<Thing[]> {
  const [{ id: orderId }] = thingsOf(person, 'Order') as [Thing];
  const { order } = await ask(PAYMENTS, { id: orderId }, admin);
  return (order.payments as { id: string }[]).map(({ id }) => {
    const secrets = [{ text: id, knownWith: READ }];
    return { type: 'Payment', id, of: person.of, seenWith: READ, secrets };
  });
}

export const world: RoomWorld = {
  after: ['order'],
  ofCustomer: payments,
  ofGuest: payments,
  // Webhooks come from a provider; none belongs to a user.
  mutationsOfOutsideThings: ['redrivePaymentWebhook'],
};
