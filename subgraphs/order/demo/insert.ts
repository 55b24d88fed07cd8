import type { Kysely } from 'kysely';
import { json } from '../../../platform/data/json.ts';
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

/** The number of a demo order. Its leading zero tells it from orders that were really placed. */
export const demoNumber = (n: number): string => `AG-0${String(n + 1).padStart(5, '0')}`;

/** Writes a demo order with all its rows. One that is there already stays as it is. */
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
        customerId: customer.id,
        channelId: priced.channel,
        currency: priced.currency,
        status: life.status,
        paymentStatus: life.paymentStatus,
        fulfilmentStatus: life.fulfilmentStatus,
        cancellationReason: life.cancellationReason ?? null,
        shippingOption: priced.shippingOption,
        subtotalMinor: priced.subtotal,
        discountMinor: 0n,
        shippingMinor: priced.shipping,
        taxMinor: priced.tax,
        taxes: json(priced.taxes),
        totalMinor: priced.total,
        version: 1,
        placedAt,
        updatedAt: story.at(-1)!.at,
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
    const address = json(customer.address);
    await transaction
      .insertInto('order_contact')
      .values({ orderId: id, email: customer.email, shippingAddress: address, billingAddress: address })
      .execute();
    await transaction
      .insertInto('timeline_entry')
      .values(story.map(({ type, at }) => ({ orderId: id, type, occurredAt: at })))
      .execute();
  });
}
