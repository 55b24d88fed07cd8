import type { Kysely } from 'kysely';
import { deterministicId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import type { Priced } from '../price-lines.ts';
import { lineRow } from '../line-row.ts';
import type { DemoCustomer } from './customers.ts';
import type { Life } from './lives.ts';

/** A demo order. */
export interface DemoOrder {
  n: number;
  id: string;
  life: Omit<Life, 'count'>;
  customer: DemoCustomer;
  priced: Priced;
  placedAt: Date;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
const MAX_LINES = 100;

/** The number of a demo order: told from those that were really placed by its leading zero. */
export const demoNumber = (n: number): string => `AG-0${String(n + 1).padStart(5, '0')}`;

/** Writes a demo order with all that belongs to it. One that is there already stays as it is. */
export async function insertDemoOrder(
  db: Kysely<Tables>,
  { n, id, life, customer, priced, placedAt }: DemoOrder,
): Promise<void> {
  const story = life.story.map(([type, hours], index) => ({
    type,
    at: new Date(placedAt.getTime() + hours * HOUR + index * MINUTE),
  }));
  await db.transaction().execute(async (transaction) => {
    const written = await transaction
      .insertInto('orders')
      .values({
        id,
        number: demoNumber(n),
        customer_id: customer.id,
        channel_id: priced.channel,
        currency: priced.currency,
        status: life.status,
        payment_status: life.paymentStatus,
        fulfilment_status: life.fulfilmentStatus,
        cancellation_reason: life.cancellationReason ?? null,
        shipping_option: priced.shippingOption,
        subtotal_minor: priced.subtotal,
        discount_minor: 0n,
        shipping_minor: priced.shipping,
        tax_minor: priced.tax,
        taxes: JSON.stringify(priced.taxes) as never,
        total_minor: priced.total,
        version: 1,
        placed_at: placedAt,
        updated_at: story.at(-1)!.at,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!written) return;
    await transaction
      .insertInto('order_line')
      .values(
        priced.lines.map((line, position) =>
          lineRow(line, { id: deterministicId('line', n * MAX_LINES + position), orderId: id, position }),
        ),
      )
      .execute();
    const address = JSON.stringify(customer.address);
    await transaction
      .insertInto('order_contact')
      .values({ order_id: id, email: customer.email, shipping_address: address, billing_address: address } as never)
      .execute();
    await transaction
      .insertInto('timeline_entry')
      .values(story.map(({ type, at }) => ({ order_id: id, type, occurred_at: at })) as never)
      .execute();
  });
}
