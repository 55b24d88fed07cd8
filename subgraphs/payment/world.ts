/** For the permission walk: the payments of the orders that were placed. */
import { newId } from '../../platform/ids.ts';
import type { Person, RoomWorld, Walk } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';
import { untilAnswer } from '../../tests/support/until.ts';

const PAYMENTS = 'query ($id: ID) { order(id: $id) { payments { id } } }';
const READ = ['payment:read'];

const BOOKED = 'query ($id: ID!) { payment(id: $id) { ledgerTransfers { id } } }';

async function payments(walk: Walk, person: Person): Promise<Thing[]> {
  const { ask, thingsOf, admin } = walk;
  const [{ id: orderId }] = thingsOf(person, 'Order') as [Thing];
  const { order } = await ask(PAYMENTS, { id: orderId }, admin);
  const ids = (order.payments as { id: string }[]).map(({ id }) => id);
  const accounts = await Promise.all(ids.map((id) => accountOf(walk, person, id)));
  return [
    ...ids.map((id) => {
      const secrets = [{ text: id, knownWith: READ }];
      return { type: 'Payment', id, of: person.of, seenWith: READ, secrets };
    }),
    ...accounts,
  ];
}

/** The account of a payment, in the books that follow it. Its rows are the customer's, who is refused all fields of it. */
async function accountOf({ ask, admin }: Walk, { of }: Person, id: string): Promise<Thing> {
  const [{ id: transfer }] = await untilAnswer(
    async () => (await ask(BOOKED, { id }, admin)).payment.ledgerTransfers as [{ id: string }],
    ({ length }) => length > 0,
    `the payment ${id} is not booked`,
  );
  const secrets = [{ text: transfer, knownWith: READ }];
  return { type: 'PaymentLedgerAccount', id, of, seenWith: READ, secrets };
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
