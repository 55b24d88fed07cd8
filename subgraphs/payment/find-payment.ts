import type { Kysely } from 'kysely';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { type PaymentRow, PaymentSchema, type Tables } from './entities.ts';

type Key = { id: string } | { orderId: string };

const PAYMENT = columnsOf(PaymentSchema);

/** The payment with an id or of an order, if there is one. To change it, hold its lock (record.ts). */
export const findPayment = (db: Kysely<Tables>, by: Key): Promise<PaymentRow | undefined> =>
  db
    .selectFrom('payment')
    .select(PAYMENT)
    .where((payment) => payment.and(by))
    .executeTakeFirst();

/** The payment, which must exist. */
export async function paymentOf(db: Kysely<Tables>, by: Key): Promise<PaymentRow> {
  const payment = await findPayment(db, by);
  if (!payment) throw new Error(`there is no payment ${JSON.stringify(by)}`);
  return payment;
}
