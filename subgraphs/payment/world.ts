/** For the permission walk: the payments of the orders that were placed. */
import { newId } from '../../platform/ids.ts';
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
  confinedRows: ({ customerId, orderId, mark }) => {
    const paymentId = newId('payment');
    return [
      [
        `insert into payment.payment (id, order_id, customer_id, amount_minor, currency, status, failure, created_at, updated_at)
         values ($1, $2, $3, 1, 'EUR', 'CAPTURED', $4, now(), now())`,
        [paymentId, orderId, customerId ?? null, mark],
      ],
      [
        `insert into payment.refund (id, payment_id, amount_minor, reason, status, created_at)
         values ($1, $2, 1, $3, 'REFUSED', now())`,
        [newId('refund'), paymentId, mark],
      ],
    ];
  },

  after: ['order'],
  ofCustomer: payments,
  ofGuest: payments,
  // Webhooks come from a provider; none belongs to a user.
  mutationsOfOutsideThings: ['redrivePaymentWebhook'],
};
