import type { Kysely } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import { newId } from '../../platform/ids.ts';

/** One row in each confined table, with a text that says whose it is: a customer's, or a guest's who has the order's token. */
export async function insertOwned(
  kysely: Kysely<any>,
  { customerId, orderId }: { customerId?: string; orderId: string },
): Promise<void> {
  const mark = `of ${customerId ?? orderId}`;
  const now = '2026-06-01T12:00:00Z';
  const statements: [string, unknown[]][] = [
    [
      `insert into "order".orders (id, number, customer_id, channel_id, currency, status, payment_status, fulfilment_status,
         shipping_option, subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, placed_at, updated_at)
       values ($1, $2, $3, 'default', 'EUR', 'PENDING', 'CREATED', 'UNFULFILLED', $4, 1, 0, 0, 0, 1, $5, $5)`,
      [orderId, newId('n'), customerId ?? null, mark, now],
    ],
    [
      `insert into "order".order_contact (order_id, email, shipping_address, billing_address) values ($1, $2, '{}', '{}')`,
      [orderId, mark],
    ],
    [
      `insert into payment.payment (id, order_id, customer_id, amount_minor, currency, status, failure, created_at, updated_at)
       values ($1, $2, $3, 1, 'EUR', 'CAPTURED', $4, $5, $5)`,
      [newId('payment'), orderId, customerId ?? null, mark, now],
    ],
  ];
  if (customerId)
    statements.push(
      [
        `insert into customer.customer (id, user_id, name, email, created_at, updated_at) values ($1, $2, $3, 'e@x.test', $4, $4)`,
        [customerId, newId('user'), mark, now],
      ],
      [
        `insert into customer.address (id, customer_id, name, line1, city, postcode, country, created_at)
         values ($1, $2, $3, '1', 'Lyon', '69000', 'FR', $4)`,
        [newId('address'), customerId, mark, now],
      ],
    );
  for (const [text, values] of statements) await raw(kysely, text, values);
}
