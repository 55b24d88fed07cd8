/** What a command reads and changes of a payment. Plain SQL, as every order's payment is moved four times on its way. */
import type { Kysely } from 'kysely';
import type { Payment, Tables } from './entities.ts';

type Sql = { sql: Kysely<Tables> };

/** The payment, if there is one. To change it, hold its lock. */
export const findPayment = ({ sql }: Sql, by: { id: string } | { order_id: string }): Promise<Payment | undefined> =>
  sql
    .selectFrom('payment')
    .select(['id', 'order_id as orderId', 'customer_id as customerId', 'currency', 'status', 'pending', 'version'])
    .select(['amount_minor as amountMinor', 'captured_minor as capturedMinor', 'refunded_minor as refundedMinor'])
    .select(['action_url as actionUrl', 'action_expires_at as actionExpiresAt', 'authorised_at as authorisedAt'])
    .select(['failure_code as failureCode', 'failure', 'created_at as createdAt', 'updated_at as updatedAt'])
    .where((payment) => payment.and(by))
    .executeTakeFirst();

/** The payment, which is there. */
export async function paymentOf(work: Sql, by: { id: string } | { order_id: string }): Promise<Payment> {
  const payment = await findPayment(work, by);
  if (!payment) throw new Error(`there is no payment ${JSON.stringify(by)}`);
  return payment;
}

/** Whether the payment of an order was cancelled before there was one. */
export const isCancelled = async ({ sql }: Sql, orderId: string): Promise<boolean> =>
  (await sql.selectFrom('cancelled_order').select('order_id').where('order_id', '=', orderId).executeTakeFirst()) !==
  undefined;

/** What a payment begins with. */
type Opening = Pick<Payment, 'id' | 'orderId' | 'customerId' | 'amountMinor' | 'currency' | 'createdAt'>;

/** Writes a new payment, with the intent to have it authorised. */
export async function openPayment({ sql }: Sql, opening: Opening): Promise<Payment> {
  const payment: Payment = {
    ...opening,
    status: 'CREATED',
    pending: 'AUTHORISE',
    authorisedAt: null,
    capturedMinor: 0n,
    refundedMinor: 0n,
    actionUrl: null,
    actionExpiresAt: null,
    failureCode: null,
    failure: null,
    version: 1,
    updatedAt: opening.createdAt,
  };
  const { id, orderId: order_id, customerId: customer_id, amountMinor: amount_minor, currency, createdAt } = payment;
  const fixed = { id, order_id, customer_id, amount_minor, currency, created_at: createdAt };
  await sql
    .insertInto('payment')
    .values({ ...fixed, ...changeable(payment) } as never)
    .execute();
  return payment;
}

/** Saves it as its next version. */
export async function savePayment({ sql }: Sql, payment: Payment): Promise<void> {
  const { id, version } = payment;
  payment.version = version + 1;
  const saved = await sql
    .updateTable('payment')
    .set(changeable(payment) as never)
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst();
  // Whoever changes a payment holds its lock: this cannot be a race that was lost, and is never to be tried again.
  if (saved.numUpdatedRows !== 1n) throw new Error(`payment ${id} was changed without its lock`);
}

/** Refunds count themselves (refund.ts). */
const changeable = (payment: Payment) => ({
  status: payment.status,
  pending: payment.pending,
  authorised_at: payment.authorisedAt,
  captured_minor: payment.capturedMinor,
  action_url: payment.actionUrl,
  action_expires_at: payment.actionExpiresAt,
  failure_code: payment.failureCode,
  failure: payment.failure,
  updated_at: payment.updatedAt,
  version: payment.version,
});
