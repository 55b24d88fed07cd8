/** One correlation id follows a request through the gateway, the agents, their events, the saga and the log. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '../../platform/log.ts';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';
import { ADDRESS, forSale, newCustomer, sagaEnds, settled } from '../support/shop.ts';

let shop: SigningPlatform;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  shop = await openPlatform({
    log: createLogger('debug', { to: { write: (line) => void lines.push(JSON.parse(line)) } }),
  });
});

afterAll(() => shop?.close());

test('every event of an order carries the correlation id of the request that placed it, and so does every line of the log', async () => {
  const variantId = await forSale(shop);
  const buyer = newCustomer();
  const query = `mutation Buy($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
  const lineItems = [{ variantId, quantity: 1 }];
  const input = {
    lines: lineItems,
    shippingAddress: ADDRESS,
    payment: { token: 'tok_ok' },
    idempotencyKey: 'follow-me',
  };
  const response = await fetch(shop.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await shop.token(buyer)}`,
      'x-correlation-id': 'follow-me-1',
    },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data } = (await response.json()) as { data: { placeOrder: { order: { id: string } } } };
  const { id } = data.placeOrder.order;
  await settled(shop, id, 'PROCESSING');
  await sagaEnds(shop, id, 'COMPLETED');

  const events = await shop.kysely
    .selectFrom('platform.event_log')
    .select(['type', 'correlation_id'])
    .where('correlation_id', '=', 'follow-me-1')
    .execute();
  const types = new Set(events.map(({ type }) => type));
  for (const type of ['order.placed', 'inventory.stock_reserved', 'payment.authorized', 'payment.captured'])
    expect(types).toContain(type);

  const line = lines.find(({ operation }) => operation === 'Buy');
  expect(line).toMatchObject({
    correlationId: 'follow-me-1',
    kind: 'mutation',
    actor: buyer.id,
    outcome: 'ok',
    durationMs: expect.any(Number),
  });
  const ofTheRequest = lines.filter(({ correlationId }) => correlationId === 'follow-me-1');
  expect(ofTheRequest.length).toBeGreaterThan(1);
  expect(JSON.stringify(lines)).not.toMatch(/rue de la Paix|tok_ok|Ada Example/);
});
