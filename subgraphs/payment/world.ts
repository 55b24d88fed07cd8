/** For the permission walk: the payments of the orders that were placed. */
import { sql } from 'kysely';
import { commandHash } from '../../platform/approvals/command.ts';
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

/**
 * A refund that waits for approval, of a payment that is not there: a policy for the walk's shop would hold up the refunds
 * of the other things.
 */
async function approval({ shop, unique }: Walk): Promise<Thing> {
  const id = newId('approval');
  const paymentId = newId('payment');
  const reason = unique('refund-reason');
  const input = { paymentId, orderId: newId('order'), amountMinor: '1', currency: 'EUR', reason };
  await sql`
    insert into payment.approval (id, command, input, input_hash, subject_id, requested_by, status, requested_at, expires_at)
    values (${id}, 'refundPayment', ${JSON.stringify(input)}, ${commandHash('refundPayment', input)}, ${paymentId},
            ${newId('user')}, 'PENDING', now(), now() + interval '1 day')`.execute(shop.kysely);
  await sql`
    insert into payment.approval_tier (approval_id, tier, condition, explanation, approvers, quorum, self_approval)
    values (${id}, 1, 'true', '[]', 'ADMIN', 2, false)`.execute(shop.kysely);
  return { type: 'Approval', id, of: 'nobody', seenWith: [], secrets: [{ text: reason, knownWith: READ }] };
}

export const world: RoomWorld = {
  ofHouse: async (walk) => [await approval(walk)],

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
