/**
 * `npm run demo`: signs in, finds something to buy, orders one of it, and shows the updates of the order.
 * `npm run demo -- --token tok_declined` pays with a card that is declined.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { findSomething } from './find-something.ts';
import { placeOrder } from './place-order.ts';
import { signIn } from './sign-in.ts';
import { watchOrder } from './watch-order.ts';

const { AGORA_EMAIL = 'customer@agora.test', AGORA_PASSWORD = 'agora-demo' } = process.env;

async function demo(token: string): Promise<void> {
  const session = await signIn(AGORA_EMAIL, AGORA_PASSWORD);
  console.log(`Signed in as ${AGORA_EMAIL}.`);

  const { id, sku, product, name, price, available } = await findSomething('EUR');
  console.log(`Found ${product}, ${name} (${sku}): ${price.amount} ${price.currency}, ${available} available.`);

  const order = await placeOrder(
    {
      lines: [{ variantId: id, quantity: 1 }],
      currency: price.currency,
      shippingAddress: {
        name: 'Ada Example',
        line1: '1 rue de la Paix',
        city: 'Paris',
        postcode: '75002',
        country: 'FR',
      },
      payment: { token },
      idempotencyKey: randomUUID(),
    },
    await session.headers(),
  );
  console.log(`Placed order ${order.number}: ${order.total.amount} ${order.total.currency} with shipping and tax.\n`);

  for await (const { occurredAt, type, status, order: now } of watchOrder(order.id, session)) {
    const payment = now?.payments?.[0];
    const paid = payment ? `, payment ${payment.status} ${payment.amount.amount} ${payment.amount.currency}` : '';
    const reason = now?.cancellationReason ? `, because of ${now.cancellationReason}` : '';
    console.log(`${occurredAt.slice(11, 23)}  ${type.padEnd(20)}  ${status}${reason}${paid}`);
    if (status === 'PROCESSING' || status === 'CANCELLED') return;
  }
}

try {
  const { values } = parseArgs({ options: { token: { type: 'string', default: 'tok_ok' } } });
  await demo(values.token);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
